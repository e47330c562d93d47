"""What the router asks when a day's figures differ: single records, and those to be sent again that got lost."""

from contracts.reconciliation import Line, LinesAsked, LinesReported, ReplayAsked
from libs.messaging import Message, Outgoing, Work
from libs.messaging.topics import uplink
from services.order_acceptance.engine.store import lock
from services.order_acceptance.engine.words import forward_of, outcome_of
from services.order_acceptance.forwards.source import check_router
from services.order_acceptance.reconciliation import store
from services.order_acceptance.settlement.store import bill_of


class RecordUnknown(ValueError):
    """A record whose id is none that this node could have given."""


async def on_lines_asked(work: Work, messages: list[Message[LinesAsked]]) -> None:
    """Answer each question with one page of lines. Raises Spoofed."""
    for message in messages:
        check_router(message)
    node = work.runtime.settings.node
    for question in (message.data for message in messages):
        # One more than is answered tells whether there are more.
        rows = await store.page(
            work.tx,
            question.day,
            question.interface,
            question.direction,
            question.groups,
            question.after,
            question.most + 1,
        )
        lines = [
            Line(
                id=row["line"],
                business=row["business"],
                counterpart=row["counterpart"],
                state=row["state"],
                amount=row["amount"],
            )
            for row in rows[: question.most]
        ]
        answer = LinesReported(
            node=node,
            day=question.day,
            question=question.question,
            after=question.after,
            lines=lines,
            last=len(rows) <= question.most,
            at=work.now,
        )
        work.send(Outgoing(topic=uplink(node, "reports"), key=f"{node}/{question.day}", data=answer))


async def on_replay_asked(work: Work, messages: list[Message[ReplayAsked]]) -> None:
    """Send forwards, outcomes and bills once more, with their ids and their day: whoever has them takes them once.

    A forward that was refused stays refused, and is not sent. Raises Spoofed, RecordUnknown.
    """
    for message in messages:
        check_router(message)
    wanted = [_parts(record) for message in messages for record in message.data.records]
    forwards = await store.resendable(work.tx, {parts[1] for kind, *parts in wanted if kind == "forward"})
    outcomes = await store.at_home(
        work.tx,
        [(parts[0], parts[1], int(parts[2])) for kind, *parts in wanted if kind == "outcome"],
    )
    bills = {parts[1] for kind, *parts in wanted if kind == "bill"}
    known = await lock(work.tx, {*forwards, *outcomes, *bills}, work.runtime.settings.node)
    work.send(*(forward_of(known[id]) for id in forwards))
    work.send(*(outcome_of(known[id], work, duplicate=True) for id in outcomes if known[id].work.ended))
    for id in sorted(bills & known.keys()):
        if (bill := bill_of(known[id], work)) is not None:
            work.send(bill)


def _parts(record: str) -> list[str]:
    """`forward/bj/w-1/1` → its four parts. Raises RecordUnknown."""
    parts = record.split("/")
    if len(parts) != 4 or parts[0] not in ("forward", "outcome", "bill"):
        raise RecordUnknown(record)
    if parts[0] != "bill" and not (parts[3].isascii() and parts[3].isdigit() and len(parts[3]) <= 2):
        raise RecordUnknown(record)
    return parts
