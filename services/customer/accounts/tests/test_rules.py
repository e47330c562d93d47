from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.accounts.rules import may_become, may_begin, payer_of

states = st.sampled_from(["initialized", "active", "suspended", "closed"])


@given(st.lists(states, max_size=20))
def test_a_closed_account_stays_closed(asked: list[str]) -> None:
    now = "initialized"
    for wanted in asked:
        if may_become(now, wanted):
            assert now != "closed" or wanted == "closed"
            assert wanted != "initialized" or now == "initialized"
            now = wanted


def test_an_account_begins_open() -> None:
    assert [state for state in ("initialized", "active", "suspended", "closed") if may_begin(state)] == [
        "initialized",
        "active",
    ]


def party(id: str, role: str = "customer", kind: str = "Customer") -> dict[str, str]:
    return {"id": id, "role": role, "@referredType": kind}


@pytest.mark.parametrize(
    ("parties", "payer"),
    [
        ([party("c")], ("c", "relatedParty[0].id")),
        ([party("x", "owner"), party("c")], ("c", "relatedParty[1].id")),
        ([party("c", "owner")], None),
        ([party("c", kind="Individual")], None),
        ([party("c"), party("d")], None),
        ([], None),
    ],
)
def test_exactly_one_customer_pays(parties: list[dict[str, Any]], payer: tuple[str, str] | None) -> None:
    assert payer_of({"relatedParty": parties}) == payer
