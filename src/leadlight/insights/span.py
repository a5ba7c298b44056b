"""The days that insights are about, and the parts that they are told in. Days are those of UTC."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from itertools import islice

import msgspec

from leadlight.errors import InvalidInput, Problem

USUAL_DAYS = 30
MAX_DAYS = 36_525
MAX_PARTS = 1_200

_EPOCH = date(1970, 1, 1).toordinal()
_DAYS_IN_DAYS = 92
_DAYS_IN_WEEKS = 731
_SUNDAY = 6
_DECEMBER = 12


class Step(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Span(msgspec.Struct, frozen=True):
    """From a first day to a last one, both of which belong to it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return self.last.toordinal() - self.first.toordinal() + 1

    @property
    def usual_step(self) -> Step:
        """The one that makes neither few parts nor many."""
        if self.days <= _DAYS_IN_DAYS:
            return Step.DAY
        return Step.WEEK if self.days <= _DAYS_IN_WEEKS else Step.MONTH

    def parts(self, step: Step) -> Iterator["Span"]:
        """Its days, weeks (from Monday) or months; the first and the last one may be cut short."""
        start, last = self.first.toordinal(), self.last.toordinal()
        while start <= last:
            end = min(last, _end(date.fromordinal(start), step))
            yield Span(date.fromordinal(start), date.fromordinal(end))
            start = end + 1


def span_of(first: date | None, last: date | None, *, today: date, step: Step | None = None) -> Span:
    """What is asked for; to today, and thirty days long, if not said. Raises InvalidInput, with all that is wrong."""
    until = max(today, first or today) if last is None else last
    begin = date.fromordinal(max(1, until.toordinal() - USUAL_DAYS + 1)) if first is None else first
    span, problems = Span(begin, until), []
    if begin > until:
        problems.append(Problem("from", f"must not be later than to, which is {until}", "out_of_range"))
    if span.days > MAX_DAYS:
        message = f"makes a range of {span.days} days, and at most {MAX_DAYS} can be asked for at once"
        problems.append(Problem("from", message, "out_of_range"))
    if step is not None and sum(1 for _ in islice(span.parts(step), MAX_PARTS + 1)) > MAX_PARTS:
        message = f"makes more than {MAX_PARTS} buckets of this range; ask for longer ones, or a shorter range"
        problems.append(Problem("bucket", message, "out_of_range"))
    if problems:
        raise InvalidInput(problems)
    return span


def number_of(day: date) -> int:
    """Days since 1970, as roll-ups count them."""
    return day.toordinal() - _EPOCH


def _end(day: date, step: Step) -> int:
    if step is Step.DAY:
        return day.toordinal()
    if step is Step.WEEK:
        return min(date.max.toordinal(), day.toordinal() + _SUNDAY - day.weekday())
    if day.month == _DECEMBER:
        return day.replace(day=31).toordinal()
    return day.replace(month=day.month + 1, day=1).toordinal() - 1
