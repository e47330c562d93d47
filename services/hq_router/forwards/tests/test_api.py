"""The ledger as supervisors and auditors of headquarters read it."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.base import Reason
from contracts.work_orders import Forward
from libs.ids import new_id
from services.hq_router.tests.nodes import Nodes, fresh_number

FORWARDS = "/api/hq-router/v1/forwards"


async def ended(nodes: Nodes, **given: Any) -> Forward:
    """A forward that failed at home, for a reason that names the number."""
    forward = nodes.forward(fresh_number(), **given)
    await nodes.send(forward, forward.origin)
    await nodes.forwarded(forward, "gd")
    reason = Reason(
        code="identity-mismatch",
        node="gd",
        path="relatedParty[0]",
        parameters={"number": str(forward.number)},
    )
    await nodes.send(nodes.outcome(forward, "gd", "rejected", 3, reasons=[reason]), "gd")
    await nodes.told(forward)
    return forward


async def read(nodes: Nodes, query: str = "", *roles: str, path: str = FORWARDS, **claims: Any) -> Any:
    headers = nodes.router.bearer(*(roles or ("hq-operator",)), **claims)
    answer = await nodes.router.client.get(f"{path}{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def test_one_forward_is_shown_with_all_its_hops(nodes: Nodes) -> None:
    forward = await ended(nodes)
    (listed,) = (await read(nodes, f"?originTransaction={forward.origin_transaction}")).json()
    assert "hop" not in listed
    assert listed["href"] == f"http://hq.unicrm.test{FORWARDS}/{listed['id']}"
    shown = (await read(nodes, f"/{listed['id']}", "auditor")).json()
    assert {name: shown[name] for name in listed} == listed
    assert [(hop["n"], hop["direction"], hop["node"], hop["what"]) for hop in shown["hop"]] == [
        (1, "up", "bj", "forward"),
        (2, "down", "gd", "forward"),
        (3, "up", "gd", "rejected"),
        (4, "down", "bj", "rejected"),
    ]
    assert shown["@type"] == "Forward"
    assert (shown["origin"], shown["home"], shown["state"], shown["outcome"]) == (
        "bj",
        "gd",
        "ended",
        "rejected",
    )
    assert (shown["business"], shown["attempt"], shown["hopCount"]) == ("replace-sim", 1, 1)
    assert shown["accountingDay"] == forward.accounting_day.isoformat()
    assert shown["accepted"]["hall"] == "bj-hall-1"
    assert shown["reasons"] == [{"code": "identity-mismatch", "path": "relatedParty[0]", "node": "gd"}]


async def test_numbers_are_masked_unless_a_purpose_is_given(nodes: Nodes) -> None:
    forward = await ended(nodes)
    number = str(forward.number)
    masked = await read(nodes, f"?number={number}")
    assert masked.json()[0]["number"] == f"{number[:3]}****{number[-4:]}"
    assert number not in masked.text
    one = f"/{masked.json()[0]['id']}"
    assert number not in (await read(nodes, one)).text
    assert (await read(nodes, f"?number={number}&purpose=fraud")).json()[0]["number"] == number
    assert (await read(nodes, f"{one}?purpose=audit", "auditor")).json()["number"] == number


async def test_nothing_of_the_content_or_the_seal_is_shown(nodes: Nodes) -> None:
    forward = await ended(nodes, sealed=None, content={"iccid": "89860118800000000777"})
    (listed,) = (await read(nodes, f"?order={forward.order}")).json()
    assert "89860118800000000777" not in (await read(nodes, f"/{listed['id']}?purpose=fraud")).text


async def test_the_filters_narrow_the_list(nodes: Nodes) -> None:
    order = new_id()
    first = await ended(nodes, order=order)
    second = nodes.forward(
        fresh_number(), order=order, origin="sh", business="pay", accounting_day=nodes.day(2)
    )
    await nodes.send(second, "sh")
    await nodes.forwarded(second, "gd")

    async def found(query: str) -> list[str]:
        return [
            one["originTransaction"] for one in (await read(nodes, f"?order={order}&sort=id{query}")).json()
        ]

    both = [first.origin_transaction, second.origin_transaction]
    assert await found("") == both
    assert await found("&origin=bj,sh&home=gd") == both
    assert await found("&origin=bj") == both[:1]
    assert await found("&origin=sh") == both[1:]
    assert await found("&home=sh") == []
    assert await found("&state=ended") == both[:1]
    assert await found("&state=sent") == both[1:]
    assert await found("&business=pay") == both[1:]
    assert await found("&outcome=rejected") == both[:1]
    assert await found(f"&number={first.number}") == both[:1]
    assert await found(f"&accountingDay={second.accounting_day}") == both[1:]


async def test_pages_and_their_headers(nodes: Nodes) -> None:
    order = new_id()
    forwards = [nodes.forward(fresh_number(), order=order) for _ in range(5)]
    for forward in forwards:
        await nodes.send(forward, "bj")
    for forward in forwards:
        await nodes.forwarded(forward, "gd")
    newest = (await read(nodes, f"?order={order}")).json()
    assert len(newest) == 5
    assert [one["id"] for one in newest] == sorted((one["id"] for one in newest), reverse=True)
    page = await read(nodes, f"?order={order}&sort=created&offset=2&limit=2")
    assert len(page.json()) == 2
    assert (page.headers["X-Total-Count"], page.headers["X-Result-Count"]) == ("5", "2")
    assert 'rel="next"' in page.headers["Link"]
    beyond = await read(nodes, f"?order={order}&offset=50")
    assert (beyond.json(), beyond.headers["X-Total-Count"]) == ([], "5")


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        ("colour=red", "unknown-parameter", "colour"),
        ("state=lost", "invalid", "state"),
        ("origin=xx", "invalid", "origin"),
        ("outcome=perhaps", "invalid", "outcome"),
        ("accountingDay=yesterday", "invalid", "accountingDay"),
        ("sort=hall", "invalid", "sort"),
        ("limit=0", "invalid", "limit"),
        ("limit=100000", "page-too-large", "limit"),
        ("purpose=curiosity", "purpose-unknown", "purpose"),
        ("number=1%00", "malformed", None),
    ],
)
async def test_a_question_that_makes_no_sense_is_400(
    nodes: Nodes, query: str, code: str, path: str | None
) -> None:
    answer = await nodes.router.client.get(f"{FORWARDS}?{query}", headers=nodes.router.bearer("hq-operator"))
    body = answer.json()
    assert (answer.status_code, body["code"], body["reasons"][0].get("path")) == (400, code, path)
    assert body["@type"] == "Error"


async def test_every_fault_of_a_question_is_told_at_once(nodes: Nodes) -> None:
    answer = await nodes.router.client.get(
        f"{FORWARDS}?state=lost&accountingDay=x", headers=nodes.router.bearer("hq-operator")
    )
    assert [reason["path"] for reason in answer.json()["reasons"]] == ["state", "accountingDay"]


ALLOWED = ("hq-operator", "supervisor", "auditor")
OTHERS = (
    "hall-clerk",
    "call-centre-clerk",
    "dealer-clerk",
    "account-manager",
    "machine",
    "migration",
    "service",
)


@pytest.mark.parametrize("role", ALLOWED)
async def test_who_may_read_the_ledger(nodes: Nodes, role: str) -> None:
    await read(nodes, "", role)


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize(
    "path", ["forwards", "forwards/1", "bills", "billTotals", "portedNumbers", "portedNumbers/1"]
)
async def test_who_may_not(nodes: Nodes, role: str, path: str) -> None:
    answer = await nodes.router.client.get(f"/api/hq-router/v1/{path}", headers=nodes.router.bearer(role))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_without_a_token_or_with_a_provinces_nothing_is_shown(nodes: Nodes) -> None:
    nobody = await nodes.router.client.get(FORWARDS)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
    province = await nodes.router.client.get(FORWARDS, headers=nodes.router.bearer("supervisor", issuer="gd"))
    assert province.status_code == 401
    old = nodes.router.bearer("supervisor")
    nodes.router.clock.advance(timedelta(minutes=16))
    expired = await nodes.router.client.get(FORWARDS, headers=old)
    assert (expired.status_code, expired.json()["code"]) == (401, "token-expired")


async def test_who_is_bound_to_an_area_sees_what_was_accepted_there(nodes: Nodes) -> None:
    forward = await ended(nodes, acceptance=nodes.acceptance("bj", area="010"))
    query = f"?order={forward.order}"
    inside: dict[str, Any] = {"area": "010", "area_bound": True}
    outside: dict[str, Any] = {"area": "020", "area_bound": True}
    (listed,) = (await read(nodes, query, "supervisor", **inside)).json()
    assert (await read(nodes, query, "supervisor", **outside)).json() == []
    answer = await nodes.router.client.get(
        f"{FORWARDS}/{listed['id']}", headers=nodes.router.bearer("supervisor", **outside)
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_what_is_not_there_is_404_in_the_callers_language(nodes: Nodes) -> None:
    headers = nodes.router.bearer("auditor") | {"Accept-Language": "zh-CN"}
    answer = await nodes.router.client.get(f"{FORWARDS}/{new_id()}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert not answer.json()["reason"].isascii()
