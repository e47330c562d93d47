"""The link is cut, a mirror and a broker are killed, and both sides go on accepting: everything ends once."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

from deploy.containers.status import NodeStatus, read
from deploy.demo.counter import (
    CUSTOMERS,
    FORWARDS,
    INDIVIDUALS,
    ORDERS,
    PAYMENTS,
    RESERVATIONS,
    Counter,
    Person,
    characteristics,
    presenter,
    replace_sim,
)
from deploy.demo.frame import Stage
from deploy.demo.opening import PLAN, resident_id
from tests.containers.fleet import ContainerFleet
from tests.containers.safety import fleet_of
from tests.containers.stacks import docker

CUT_FOR = 60.0
EVERY = 2.0
"""Seconds between two orders of a counter while the link is cut."""
_ENDED_WITHIN = 300.0
_PEOPLE = {
    "bj": Person("李建华", resident_id("11010119880314271")),
    "gd": Person("张丽娟", resident_id("44010319900512462")),
}
_POSTED = (
    "import json, sqlite3; db = sqlite3.connect('file:/journals/accounting.sqlite?mode=ro', uri=True); "
    "print(json.dumps(dict(db.execute("
    "\"SELECT reference, count(*) FROM postings WHERE kind = 'payment' GROUP BY reference\"))))"
)
_ALL = (
    "import json, urllib.request as u; get = lambda path: u.urlopen('http://127.0.0.1:8000' + path).read().decode(); "
    "print(json.dumps([json.loads(get('/health/ready'))['checks'], get('/metrics')]))"
)


@dataclass
class Accepted:
    """What was answered 201: payments by the province that took them, with the subscriber's home; orders likewise."""

    payments: list[tuple[str, str, str]] = field(default_factory=list)
    """Payment, taken at, home."""
    orders: list[tuple[str, str]] = field(default_factory=list)
    """Order, accepted at."""


async def two_subscribers(stage: Stage) -> str:
    for home in ("bj", "gd"):
        stage.kept[f"{home}-number"] = await _subscriber(Counter(stage, home), _PEOPLE[home])
    stage.kept["accepted"] = Accepted()
    return f"{stage.kept['bj-number']} in Beijing, {stage.kept['gd-number']} in Guangdong"


async def both_accept_while_the_link_is_cut(stage: Stage) -> str:
    fleet, accepted = fleet_of(stage), _accepted(stage)
    gd = fleet.stacks["gd"]
    await asyncio.to_thread(gd.unplug, fleet.hq)
    try:
        await _replacement(stage, "bj", "gd", accepted)
        await _replacement(stage, "gd", "bj", accepted)
        end = time.monotonic() + CUT_FOR
        while time.monotonic() < end:
            began = time.monotonic()
            for at, home in (("bj", "gd"), ("gd", "bj"), ("gd", "gd"), ("bj", "bj")):
                await _payment(stage, at, home, accepted)
            await asyncio.sleep(max(0.0, EVERY - (time.monotonic() - began)))
        crossing = [
            await _status(stage, payment, at) for payment, at, home in accepted.payments if at != home
        ]
        assert set(crossing) == {"authorized"}, f"of what could not cross some is {set(crossing)}"
    finally:
        await asyncio.to_thread(gd.plug_in, fleet.hq)
    return (
        f"{len(accepted.payments)} payments and {len(accepted.orders)} orders accepted in {CUT_FOR:.0f} s, "
        f"{len(crossing)} of the payments for the other side of the cut"
    )


async def mirror_and_broker_are_killed(stage: Stage) -> str:
    """Right after the cable is back, while what piled up is carried."""
    fleet, accepted = fleet_of(stage), _accepted(stage)
    mirror, broker = fleet.stacks["bj"].container("mirror"), fleet.stacks["gd"].container("kafka")
    before = len(accepted.payments)
    await asyncio.to_thread(docker, "kill", mirror, broker)
    for at, home in (("bj", "gd"), ("gd", "bj"), ("gd", "gd")):
        await _payment(stage, at, home, accepted)
    await asyncio.to_thread(docker, "start", mirror, broker)
    return f"{len(accepted.payments) - before} more payments accepted while they were down"


async def every_accepted_order_ends(stage: Stage) -> str:
    accepted, began = _accepted(stage), time.monotonic()
    end = began + _ENDED_WITHIN
    for payment, at, _ in accepted.payments:
        found = await Counter(stage, at).settled(payment, within=max(1.0, end - time.monotonic()))
        assert found["status"] == "done", f"{payment} of {at}: {found['status']}"
    for order, at in accepted.orders:
        ended = await Counter(stage, at).ended(order, within=max(1.0, end - time.monotonic()))
        assert ended["state"] == "completed", f"{order} of {at}: {ended['state']} {ended.get('failure')}"
    took = time.monotonic() - began
    return (
        f"{len(accepted.payments)} payments done, {len(accepted.orders)} orders completed, after {took:.0f} s"
    )


async def each_was_done_once(stage: Stage) -> str:
    """At its home, in the books of accounting, and in headquarters' ledger."""
    fleet, accepted = fleet_of(stage), _accepted(stage)
    for home in ("bj", "gd"):
        mine = {payment for payment, _, at_home in accepted.payments if at_home == home}
        posted = json.loads(
            await asyncio.to_thread(fleet.stacks[home].run, "accounting", "python", "-c", _POSTED)
        )
        assert {payment: posted.get(payment, 0) for payment in mine} == dict.fromkeys(mine, 1), posted
        done = await asyncio.to_thread(
            fleet.stacks[home].query,
            "order_acceptance",
            "SELECT content ->> 'payment', count(*) FROM work_orders "
            "WHERE part IN ('home', 'whole') AND state = 'completed' AND content ? 'payment' GROUP BY 1",
        )
        times = dict(line.split("|") for line in done.splitlines())
        assert {times.get(payment) for payment in mine} == {"1"}, times
    crossed = sum(at != home for _, at, home in accepted.payments) + len(accepted.orders)
    ledger = Counter(stage, "hq", "hq-operator")
    under_way = await ledger.get(FORWARDS, state="held,sent")
    assert under_way == [], under_way
    return f"posted once, done once at home; {crossed} crossed, and nothing is under way in the ledger"


async def nothing_is_left_lying(stage: Stage) -> str:
    fleet = fleet_of(stage)
    for node in fleet.stacks:
        await _until_quiet(fleet, node)
    heard = await _until_heard(fleet)
    return f"no outbox row, no lag, no dead letter at any node; both provinces are heard, after {heard:.0f} s"


async def _until_heard(fleet: ContainerFleet, within: float = 120) -> float:
    """Wait until headquarters hears every node; for how many seconds.

    What a mirror has not carried yet is seen nowhere else: it lies in the cluster of the province.
    """
    began = time.monotonic()
    while True:
        links = {link.node: link for link in (await _look(fleet, "hq")).links}
        took = time.monotonic() - began
        if all(links[node].well for node in ("hq", "bj", "gd")):
            return took
        assert took < within, links
        await asyncio.sleep(2)


async def _until_quiet(fleet: ContainerFleet, node: str, within: float = 60) -> None:
    end = time.monotonic() + within
    while True:
        status = await _look(fleet, node)
        waiting = {
            name: (one.failed, one.lag, one.outbox, one.dead_letters, one.parked)
            for name, one in status.services.items()
            if (one.failed, one.lag, one.outbox, one.dead_letters, one.parked) != ([], 0, 0, 0, 0)
        }
        if not waiting:
            return
        assert time.monotonic() < end, f"{node}: {waiting}"
        await asyncio.sleep(2)


async def _look(fleet: ContainerFleet, node: str) -> NodeStatus:
    said = await asyncio.to_thread(fleet.stacks[node].run, "health", "python", "-c", _ALL)
    checks, measured = json.loads(said)
    return read(node, checks, measured)


async def _subscriber(counter: Counter, person: Person) -> str:
    """Somebody who registers at this counter and leaves with a number."""
    family, given = person.name[0], person.name[1:]
    individual = await counter.post(
        INDIVIDUALS,
        {
            "givenName": given,
            "familyName": family,
            "individualIdentification": [
                {"identificationType": person.kind, "identificationId": person.identification}
            ],
        },
    )
    party = {"id": individual["id"], "@referredType": "Individual"}
    customer = await counter.post(CUSTOMERS, {"name": person.name, "status": "active", "engagedParty": party})
    held = await counter.post(
        RESERVATIONS, {"pick": {"category": "msisdn", "pattern": "1*7", "count": 1}, "validMinutes": 30}
    )
    number = str(held["resource"][0]["value"])
    item: dict[str, Any] = {
        "id": "1",
        "action": "add",
        "quantity": 1,
        "productOffering": {"id": (await counter.offering(**PLAN))["id"]},
        "product": {
            "productCharacteristic": characteristics(
                msisdn=number, iccid=await counter.card("personalised"), reservation=held["id"]
            )
        },
    }
    order = {
        "category": "open-account",
        "payment": [{"id": await counter.pay(100.00)}],
        "relatedParty": [
            {"id": customer["id"], "role": "customer", "@referredType": "Customer"},
            presenter(await counter.check(person)),
        ],
        "productOrderItem": [item],
    }
    ended = await counter.ended((await counter.post(ORDERS, order))["id"], within=60)
    assert ended["state"] == "completed", ended.get("failure")
    return number


async def _payment(stage: Stage, at: str, home: str, accepted: Accepted) -> None:
    payment = await Counter(stage, at).pay(5.00, f"tel:+86{stage.kept[f'{home}-number']}")
    accepted.payments.append((payment, at, home))


async def _replacement(stage: Stage, at: str, home: str, accepted: Accepted) -> None:
    counter = Counter(stage, at)
    card, check = await counter.card("blank"), await counter.check(_PEOPLE[home])
    body = replace_sim(stage.kept[f"{home}-number"], card, check, await counter.pay(10.00))
    accepted.orders.append((str((await counter.post(ORDERS, body))["id"]), at))


async def _status(stage: Stage, payment: str, at: str) -> str:
    return str((await Counter(stage, at).get(f"{PAYMENTS}/{payment}"))["status"])


def _accepted(stage: Stage) -> Accepted:
    found = stage.kept["accepted"]
    assert isinstance(found, Accepted)
    return found
