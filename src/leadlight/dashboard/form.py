"""What a form of a page sent: its fields as typed, which are shown again beside what is wrong with them."""

from collections.abc import Callable, Sequence
from typing import TypeVar, cast
from urllib.parse import parse_qsl

from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.http.errors import BadRequest, UnsupportedMediaType

T = TypeVar("T")

_MOST_FIELDS = 4_000


class Form:
    def __init__(self, fields: Sequence[tuple[str, str]] = ()) -> None:
        self._fields = list(fields)
        self._found: list[Problem] = []

    @classmethod
    def of(cls, content_type: str, body: bytes) -> "Form":
        """Raises UnsupportedMediaType, BadRequest."""
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise UnsupportedMediaType(content_type[:200], "Send the form as the page has it")
        try:
            fields = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            raise BadRequest("The form can't be read: its fields have to be percent-encoded UTF-8") from None
        return cls([(name, value.replace("\r\n", "\n")) for name, value in fields])

    def __getitem__(self, name: str) -> str:
        """As typed; empty where there is no such field."""
        return next((value for field, value in self._fields if field == name), "")

    def __contains__(self, name: object) -> bool:
        return any(field == name for field, _ in self._fields)

    def all(self, name: str) -> list[str]:
        return [value for field, value in self._fields if field == name]

    def starting(self, prefix: str) -> dict[str, str]:
        """The fields whose names begin so, by the rest of their names."""
        return {name.removeprefix(prefix): value for name, value in self._fields if name.startswith(prefix)}

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {problem.field: problem.message for problem in reversed(self._found)}

    def take(self, name: str, rule: Callable[[str], T]) -> T | None:
        """A field's value by its rule; a problem is noted, and then it is None."""
        try:
            if "\0" in self[name]:
                raise Invalid("invalid_character", "must not contain a NUL character")
            return rule(self[name])
        except Invalid as invalid:
            self.note(invalid.of(name))
            return None

    def demand(self, name: str, rule: Callable[[str], T]) -> T:
        """A field's value by its rule. Raises InvalidInput, with all that is wrong by then."""
        value = self.take(name, rule)
        self.refuse()
        return cast("T", value)

    def note(self, *problems: Problem) -> None:
        """Has something shown beside its field."""
        self._found += problems

    def refuse(self) -> None:
        """Raises InvalidInput if anything is wrong."""
        if self._found:
            raise InvalidInput(self._found)

    @classmethod
    def filled(cls, **values: object) -> "Form":
        """One that nobody has typed into yet."""
        return cls([(name, "" if value is None else str(value)) for name, value in values.items()])
