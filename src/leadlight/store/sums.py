"""Numbers that many units of work add to: put together, and written once for each row when the transaction ends."""

from collections.abc import Iterator

from leadlight.store.database import Row, Sums, Value

_Addition = tuple[Sums, Row, tuple[int, ...]]


class PendingSums:
    """What is added in a transaction and not written yet; what a unit of it added can be taken back."""

    def __init__(self) -> None:
        self._times: dict[_Addition, int] = {}
        self._of_unit: list[_Addition] = []

    def add(self, sums: Sums, key: Row, amounts: tuple[int, ...]) -> None:
        addition = (sums, key, amounts)
        self._times[addition] = self._times.get(addition, 0) + 1
        self._of_unit.append(addition)

    def begin_unit(self) -> None:
        self._of_unit.clear()

    def undo_unit(self) -> None:
        for addition in self._of_unit:
            self._times[addition] -= 1
        self._of_unit.clear()

    def clear(self) -> None:
        self._times.clear()
        self._of_unit.clear()

    def take(self) -> Iterator[tuple[str, list[dict[str, Value]]]]:
        """Statements that write all of it, each with its rows: in this order, or at once.

        Rows are removed before others are counted down, for one that was counted down to half would look like them.
        """
        totals: dict[tuple[Sums, Row], list[int]] = {}
        for (sums, key, amounts), times in self._times.items():
            total = totals.setdefault((sums, key), [0] * len(amounts))
            for index, amount in enumerate(amounts):
                total[index] += amount * times
        self.clear()
        forgotten: dict[str, list[dict[str, Value]]] = {}
        written: dict[str, list[dict[str, Value]]] = {}
        for (sums, key), total in totals.items():
            if not any(total):
                continue
            row: dict[str, Value] = dict(zip(sums.table.columns, (*key, *total), strict=True))
            written.setdefault(sums.add if total[0] > 0 else sums.change, []).append(row)
            if total[0] < 0:
                named = (*sums.table.key, sums.numbers[0])
                forgotten.setdefault(sums.forget, []).append({name: row[name] for name in named})
        yield from forgotten.items()
        yield from written.items()
