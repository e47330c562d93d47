"""A question about the tier that makes no sense is refused: by which code, and for which parameter."""

import pytest

from services.hq_router.reconciliation.tests.test_reports import different
from services.hq_router.tests.nodes import Nodes

BASE = "/api/hq-router/v1"
DIFFERENCES = "differences"
"""Of one reconciliation that there is."""

PAGING = [
    ("colour=red", "unknown-parameter", "colour"),
    ("limit=0", "invalid", "limit"),
    ("limit=ten", "invalid", "limit"),
    ("limit=101", "page-too-large", "limit"),
    ("limit=1&limit=2", "repeated-parameter", "limit"),
    ("offset=-1", "invalid", "offset"),
    ("offset=99999999", "page-too-large", "offset"),
    ("offset=%00", "malformed", None),
]
OWN = {
    "nodes": [
        ("sort=id", "unknown-parameter", "sort"),
        ("state=heard", "unknown-parameter", "state"),
    ],
    "operatorActs": [
        ("act=dance", "invalid", "act"),
        ("act=repair,dance", "invalid", "act"),
        ("node=xx", "invalid", "node"),
        ("sort=actor", "invalid", "sort"),
        ("actor=a&actor=b", "repeated-parameter", "actor"),
        ("reason=none", "unknown-parameter", "reason"),
    ],
    "switches": [
        ("state=broken", "invalid", "state"),
        ("node=xx", "invalid", "node"),
        ("sort=state", "invalid", "sort"),
        ("since=today", "unknown-parameter", "since"),
    ],
    "reconciliations": [
        ("accountingDay=yesterday", "invalid", "accountingDay"),
        ("accountingDay=2026-02-30", "invalid", "accountingDay"),
        ("node=xx", "invalid", "node"),
        ("interface=pigeons", "invalid", "interface"),
        ("direction=sideways", "invalid", "direction"),
        ("state=perhaps", "invalid", "state"),
        ("sort=amount", "invalid", "sort"),
        ("day=2026-11-24", "unknown-parameter", "day"),
    ],
    DIFFERENCES: [
        ("kind=odd", "invalid", "kind"),
        ("settled=perhaps", "invalid", "settled"),
        ("settled=True", "invalid", "settled"),
        ("sort=kind", "invalid", "sort"),
        ("record=x", "unknown-parameter", "record"),
    ],
}


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    """The reconciliation that this module's tests ask about, once it is made."""
    return {}


async def address(nodes: Nodes, path: str, known: dict[str, str]) -> str:
    if path != DIFFERENCES:
        return f"{BASE}/{path}"
    if "id" not in known:
        _, one, _ = await different(nodes)
        known["id"] = one["id"]
    return f"{BASE}/reconciliations/{known['id']}/differences"


@pytest.mark.parametrize(
    ("path", "query", "code", "where"),
    [(path, *row) for path, own in OWN.items() for row in (*PAGING, *own)],
)
async def test_a_question_that_makes_no_sense_is_refused(
    nodes: Nodes, known: dict[str, str], path: str, query: str, code: str, where: str | None
) -> None:
    asked = f"{await address(nodes, path, known)}?{query}"
    answer = await nodes.router.client.get(asked, headers=nodes.router.bearer("hq-operator"))
    body = answer.json()
    assert (answer.status_code, body["code"], body["@type"]) == (400, code, "Error"), body
    assert [one.get("path") for one in body["reasons"]] == [where]


async def test_the_differences_of_what_was_never_compared_are_not_found(nodes: Nodes) -> None:
    path = f"{BASE}/reconciliations/never/differences"
    for query in ("", "?kind=odd"):
        answer = await nodes.router.client.get(path + query, headers=nodes.router.bearer("hq-operator"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
