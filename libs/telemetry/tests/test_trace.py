"""A thread is taken in from whoever brings one, passed on as it came, and begun where none can be read."""

import re

import pytest

from libs.telemetry import trace

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_thread_is_taken_in_with_what_its_vendors_say() -> None:
    thread = trace.taken_in(GIVEN, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
    assert thread is not None
    assert trace.headers(thread) == [
        ("traceparent", GIVEN),
        ("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"),
    ]
    assert trace.ids(thread) == ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "nonsense",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
        f"ff-{'a' * 32}-{'b' * 16}-01",
        f"00-{'A' * 32}-{'b' * 16}-01",
        f"{GIVEN}-more",
        f"{GIVEN}\0",
        f"{GIVEN} ",
    ],
)
def test_a_malformed_thread_is_none(given: str | None) -> None:
    assert trace.taken_in(given, "congo=1") is None


def test_of_a_later_version_is_taken_what_is_known() -> None:
    assert trace.taken_in(f"cc{GIVEN[2:]}-what-comes-then") == GIVEN


@pytest.mark.parametrize(
    "state",
    [
        "",
        "no entry",
        "UPPER=1",
        "a=\N{PILE OF POO}",
        "a=1=2",
        "a=" + "x" * 600,
        ",".join(f"k{n}=1" for n in range(33)),
    ],
)
def test_a_malformed_or_overlong_state_is_left_out_and_its_thread_stays(state: str) -> None:
    assert trace.taken_in(GIVEN, state) == GIVEN


def test_a_thread_that_nobody_records_is_begun_where_there_is_none() -> None:
    assert trace.current.get() is None
    made = trace.outgoing()
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made)
    assert trace.taken_in(made) == made
    assert trace.recorded(made) is None
    assert trace.recorded(GIVEN) == GIVEN


def test_what_a_request_causes_belongs_to_its_thread() -> None:
    token = trace.current.set(GIVEN)
    try:
        assert trace.outgoing() == GIVEN
    finally:
        trace.current.reset(token)
