"""Branches follow headquarters' record: a province says which it holds, and headquarters sends what is newer.

Nothing is kept for a province that is away, and none has to be registered: what was lost is made good when the province
says again what it holds.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog

from contracts.customer_data import (
    MOST_BRANCHES,
    BranchesHeld,
    HeldBranch,
    NationalCustomerChanged,
    branch_of,
)
from contracts.events import CustomerChanged
from libs.messaging import Message, Outgoing, Work
from libs.messaging.tiers import check_headquarters, check_source
from libs.messaging.topics import downlink, uplink
from libs.node import HQ
from libs.service import Runtime
from services.customer.branches import store
from services.customer.branches.rules import Holding, beyond, to_renew
from services.customer.facts import store as facts
from services.customer.facts.telling import customers_may_change, tell_customers

log = structlog.get_logger(__name__)


# -- in a province


def say_held(node: str, held: Mapping[str, int], now: datetime) -> list[Outgoing]:
    """The messages that tell headquarters of branches and their versions."""
    branches = [HeldBranch(customer=customer, version=version) for customer, version in sorted(held.items())]
    return [
        Outgoing(
            uplink(node, "customer-data"),
            node,
            BranchesHeld(node=node, branches=branches[first : first + MOST_BRANCHES], at=now),
            subject=node,
        )
        for first in range(0, len(branches), MOST_BRANCHES)
    ]


async def tell_branches(runtime: Runtime) -> None:
    """Say which branches are held, all of them; in a province, by the clock."""
    node = runtime.settings.node
    if node == HQ:
        return
    after = ""
    while True:
        async with runtime.unit() as work:
            page = await store.held_behind(work.tx, after, MOST_BRANCHES)
            work.send(*say_held(node, dict(page), work.now))
        if len(page) < MOST_BRANCHES:
            return
        after = page[-1][0]


async def on_national_customers(work: Work, messages: list[Message[NationalCustomerChanged]]) -> None:
    """Renew the branches that are older; who holds none of a customer makes none. Raises Spoofed."""
    for message in messages:
        check_headquarters(message)
    snapshots = [message.data.record for message in messages]
    await customers_may_change(work.tx)
    known = await store.known(work.tx, [one.customer for one in snapshots])
    newer = to_renew(snapshots, known.versions)
    if newer:
        await store.write(work.tx, newer, work.now)
        await tell_customers(work.runtime.state, work.tx, sorted(one.customer for one in newer), work.now)
    held = known.versions | {one.customer: one.version for one in newer}
    work.send(*say_held(work.runtime.settings.node, held, work.now))


# -- at headquarters


async def on_branches_held(work: Work, messages: list[Message[BranchesHeld]]) -> None:
    """Keep which provinces hold branches, and send them what is newer. Raises Spoofed."""
    said: dict[tuple[str, str], tuple[int, datetime]] = {}
    for message in sorted(messages, key=lambda one: one.data.at):
        check_source(message, message.data.node)
        for one in message.data.branches:
            said[one.customer, message.data.node] = (one.version, message.data.at)
    await customers_may_change(work.tx)
    versions = await store.versions(work.tx, (customer for customer, _ in said))
    for customer, node in said:
        if customer not in versions:
            log.warning("branch-of-nobody", customer=customer, node=node)
    await store.hear(work.tx, said, work.now)
    holdings = [Holding(customer, node, version) for (customer, node), (version, _) in said.items()]
    ahead = beyond(holdings, versions)
    if ahead:
        await store.raise_to(work.tx, ahead, work.now)
        await tell_customers(work.runtime.state, work.tx, sorted(ahead), work.now)
    behind = [
        one for one in holdings if one.customer not in ahead and one.version < versions.get(one.customer, 0)
    ]
    now = await facts.customers(work.tx, sorted({one.customer for one in behind}))
    _send_newer(work, now, behind)


async def on_customers_changed(work: Work, messages: list[Message[CustomerChanged]]) -> None:
    """What headquarters tells of a customer goes to the provinces that hold a branch of it."""
    newest = {one.data.id: one.data for one in sorted(messages, key=lambda one: one.data.version)}
    _send_newer(work, newest.values(), await store.holders(work.tx, sorted(newest)))


def _send_newer(work: Work, customers: Iterable[CustomerChanged], holdings: Iterable[Holding]) -> None:
    known = {one.id: one for one in customers if not one.deleted}
    for held in holdings:
        customer = known.get(held.customer)
        if customer is not None and held.version < customer.version:
            told = NationalCustomerChanged(record=branch_of(customer), at=work.now)
            work.send(Outgoing(downlink(held.node, "customer-data"), customer.id, told, subject=customer.id))
