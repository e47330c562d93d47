"""Repair by replay: what is missing at one end is sent again by the other, and taken in once."""

from collections.abc import Sequence

from asyncpg import Record

from contracts.reconciliation import AT_ONCE, ReplayAsked
from libs.messaging import Outgoing, Work
from libs.messaging.topics import downlink
from services.hq_router.forwards import rules as forwards
from services.hq_router.forwards import store as ledger
from services.hq_router.forwards.ledger import Batch
from services.hq_router.forwards.store import Name
from services.hq_router.reconciliation.rules import sent_again_by


async def send_again(work: Work, row: Record, differences: Sequence[Record]) -> list[str]:
    """Ask the node for what the router lacks, and send what the node lacks; the records for which that was possible."""
    by_node, by_router = [], []
    for one in differences:
        sender = sent_again_by(row["direction"], one["kind"])
        if sender == "node":
            by_node.append(one["record"])
        elif sender == "router":
            by_router.append(one["record"])
    node, day = row["node"], row["day"]
    for first in range(0, len(by_node), AT_ONCE):
        some = by_node[first : first + AT_ONCE]
        question = ReplayAsked(node=node, day=day, records=some, at=work.now)
        work.send(Outgoing(topic=downlink(node, "reports"), key=f"{node}/{day}", data=question))
    return by_node + await _by_router(work, by_router)


async def _by_router(work: Work, records: Sequence[str]) -> list[str]:
    """Send forwards and outcomes of the ledger once more; those that it may send.

    A forward whose end is known does not go again: its home would do it twice, or do what was refused.
    """
    named = {record: _name(record) for record in records}
    batch = Batch(work, await ledger.lock(work.tx, [name[:2] for name in named.values()]))
    sent = []
    for record, name in named.items():
        line = batch.lines.get(name)
        if line is None:
            continue
        if record.startswith("outcome/") and line.entry.ended:
            batch.say_again(line)
            sent.append(record)
        elif record.startswith("forward/"):
            decision = forwards.never_came(line.entry)
            if decision is not None:
                batch.apply(line, decision)
                sent.append(record)
    await batch.finish()
    return sent


def _name(record: str) -> Name:
    """`forward/bj/w-1/1` → the name of the forward in the ledger."""
    _, origin, transaction, attempt = record.split("/")
    return origin, transaction, int(attempt)
