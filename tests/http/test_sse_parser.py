"""Server-Sent Events as the standard reads them (WHATWG HTML §9.2), wherever the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.http import sse
from leadlight.http.sse_parser import ServerEvent, SseParser


def parsed(*chunks: bytes) -> list[ServerEvent]:
    parser = SseParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def message(data: str, *, type_: str = "message", last_id: str = "") -> ServerEvent:
    return ServerEvent(type_, data, last_id)


def test_reads_what_our_server_writes() -> None:
    stream = sse.opening(41) + sse.event(42, "lead.created", b'{"id":"evt_1"}') + sse.heartbeat(43)
    parser = SseParser()

    assert parser.feed(stream) == [message('{"id":"evt_1"}', type_="lead.created", last_id="42")]
    assert (parser.last_id, parser.retry_milliseconds) == ("43", 2000)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [message("YHOO\n+2\n10")]),
        (b"data\n\ndata\ndata\n\ndata:", [message(""), message("\n")]),
        (b"data:test\n\ndata: test\n\ndata:  test\n\n", [message("test"), message("test"), message(" test")]),
        (b": comment\n:\n\ndata: after\n\n", [message("after")]),
        (b"data: a:b: c\n\n", [message("a:b: c")]),
        (b"event: one\n\ndata: two\n\n", [message("two")]),
        (b"event: one\nevent: two\ndata: x\n\n", [message("x", type_="two")]),
        (b"event: one\nevent\ndata: x\n\n", [message("x")]),
        (b"id: 1\ndata: x\n\ndata: y\n\n", [message("x", last_id="1"), message("y", last_id="1")]),
        (b"id: 1\ndata: x\n\nid\ndata: y\n\n", [message("x", last_id="1"), message("y")]),
        (b"id: 1\nid: 2\0\ndata: x\n\n", [message("x", last_id="1")]),
        (b"Data: x\n data: x\nunknown: x\n\n", []),
        (b"data: never ended\n", []),
        (b"data: x\r\rdata: y\r\n\r\ndata: z\n\n", [message("x"), message("y"), message("z")]),
        (b"data: x\r\ndata: y\n\r\n", [message("x\ny")]),
        ("data: \u2028\x0b\x0c\x85\n\n".encode(), [message("\u2028\x0b\x0c\x85")]),
        (b"\xef\xbb\xbfdata: x\n\n", [message("x")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
        (b"data: \xff\n\n", [message("\N{REPLACEMENT CHARACTER}")]),
        (b"", []),
    ],
)
def test_reads_by_the_standard_wherever_it_is_cut(stream: bytes, events: list[ServerEvent]) -> None:
    assert parsed(stream) == events
    assert parsed(*(bytes([byte]) for byte in stream)) == events
    for cut in range(len(stream)):
        assert parsed(stream[:cut], b"", stream[cut:]) == events


_PIECES = st.sampled_from(
    ["data", "id", "event", "retry", ":", " ", "x", "é", "🦊", "\0", "\r", "\n", "\r\n", "\ufeff"]
)


@given(st.lists(_PIECES, max_size=40).map("".join), st.lists(st.integers(0, 100), max_size=5))
def test_cuts_change_nothing(stream: str, cuts: list[int]) -> None:
    whole = stream.encode()
    edges = [0, *sorted(cuts), len(whole)]

    assert parsed(*(whole[start:end] for start, end in pairwise(edges))) == parsed(whole)


def test_an_event_is_told_with_its_empty_line_and_not_with_what_follows() -> None:
    parser = SseParser()

    assert parser.feed(b"data: x\r\n\r") == [message("x")]
    assert parser.feed(b"\ndata: y\r\n\r\n") == [message("y")]


def test_an_id_counts_from_the_end_of_its_block_with_or_without_an_event() -> None:
    parser = SseParser("6")

    parser.feed(b"id: 7\n")
    assert parser.last_id == "6"
    parser.feed(b"\n")
    assert parser.last_id == "7"


@pytest.mark.parametrize(
    ("line", "milliseconds"),
    [(b"retry: 500", 500), (b"retry: -1", None), (b"retry: 1s", None), ("retry: ٣".encode(), None), (b"retry:", None)],
)
def test_takes_the_time_to_come_back_from_digits_alone(line: bytes, milliseconds: int | None) -> None:
    parser = SseParser()
    parser.feed(line + b"\n")

    assert parser.retry_milliseconds == milliseconds


def test_a_number_that_no_time_has_is_no_time() -> None:
    parser = SseParser()
    parser.feed(b"retry: " + b"9" * 5000 + b"\n")

    assert parser.retry_milliseconds is None
