"""XML that strangers wrote, read in pieces: no entities of its own, and nothing in it without a limit."""

from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from leadlight.imports.reading import damaged_workbook

_TOKEN_BYTES = 1 << 20
"""Of one tag or comment: the parser keeps what it has of it, and begins it anew with each piece."""

_NAMES = 10_000
"""Different names of elements and attributes: the parser keeps them all."""

_DEPTH = 64

Attributes = dict[str, str]


def read_markup(
    pieces: Iterable[bytes],
    *,
    start: Callable[[str, Attributes], object],
    end: Callable[[str], object],
    text: Callable[[str], object] | None = None,
) -> Iterator[None]:
    """Calls `start` and `end` for each element, by its name without the prefix, and `text` with all between.

    It stops after each piece, for whoever wants to use what has been found. No piece at all is nothing found.
    Raises UnreadableFile.
    """
    names: dict[str, str] = {}
    depth = fed = 0

    def on_start(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise damaged_workbook()
        start(names.get(name) or names.setdefault(name, name.rpartition(":")[2]), attributes)

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(names[name])

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = on_start, on_end
    parser.CharacterDataHandler = text
    parser.buffer_text = True
    try:
        for piece in pieces:
            fed += len(piece)
            parser.Parse(piece)
            if fed - parser.CurrentByteIndex > _TOKEN_BYTES + len(piece) or len(parser.intern) > _NAMES:
                raise damaged_workbook()
            yield
        if fed:
            parser.Parse(b"", True)  # noqa: FBT003  (takes no keywords)
    except expat.ExpatError:
        raise damaged_workbook() from None
    yield


def elements(pieces: Iterable[bytes]) -> Iterator[tuple[str, Attributes]]:
    """Names and attributes, in their order, for parts that hold no more. Raises UnreadableFile."""
    found: list[tuple[str, Attributes]] = []
    for _ in read_markup(pieces, start=lambda name, attributes: found.append((name, attributes)), end=lambda _: None):
        yield from found
        found.clear()


def _refuse(*_: object) -> None:
    """A DOCTYPE, which no workbook has: entities that expand without end are declared there."""
    raise damaged_workbook()
