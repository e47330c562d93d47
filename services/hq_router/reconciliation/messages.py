"""What nodes report of a closed day, and the single records that they were asked for."""

from datetime import date, timedelta
from itertools import pairwise

from asyncpg import Record
from pydantic_core import from_json

from contracts.reconciliation import LARGEST_PAGE, DayReported, LinesReported
from libs.clock import closes_at, last_closed
from libs.messaging import Message, Work
from libs.messaging.tiers import check_source
from services.hq_router.forwards.rules import CLOCK_DIFFERENCE
from services.hq_router.reconciliation import rules, store
from services.hq_router.reconciliation.comparing import KEPT, ask_for_lines, compare, groups_of

MOST_DIFFERENCES = 5000
"""Of one reconciliation: when so many are found, the rest is looked for after these were repaired."""


class DayNotClosed(ValueError):
    """Figures of a day that has not closed, or closed so long ago that nobody reconciles it any more."""


class OutOfOrder(ValueError):
    """Lines that are not in the order of their ids: the next page could not be asked for."""


async def on_reports(work: Work, messages: list[Message[DayReported]]) -> None:
    """Keep the newest figures of each node and day, and compare them. Raises Spoofed, DayNotClosed."""
    newest: dict[tuple[date, str], DayReported] = {}
    oldest = last_closed(work.now) - KEPT - timedelta(days=1)
    for message in messages:
        report = message.data
        check_source(message, report.node)
        if report.day < oldest or closes_at(report.day) > work.now + CLOCK_DIFFERENCE:
            raise DayNotClosed(f"{report.node} reports {report.day}")
        known = newest.get((report.day, report.node))
        if known is None or known.version < report.version:
            newest[report.day, report.node] = report
    days = sorted({day for day, _ in newest})
    await store.open_days(work.tx, days)
    for day in days:
        await store.lock_day(work.tx, day)
    await store.keep_reports(work.tx, list(newest.values()), work.now)
    for day, node in sorted(newest):
        await compare(work, day, [node])


async def on_lines(work: Work, messages: list[Message[LinesReported]]) -> None:
    """Compare a page of records with the ledger's, and ask for the next; an answer that nobody waits for is nothing.

    Raises Spoofed, OutOfOrder.
    """
    for message in messages:
        check_source(message, message.data.node)
        await _page(work, message.data)


async def _page(work: Work, answer: LinesReported) -> None:
    id, _, version = answer.question.partition("/")
    row = await store.lock(work.tx, id)
    if (
        row is None
        or (row["node"], row["day"], str(row["version"])) != (answer.node, answer.day, version)
        or row["asked_after"] != answer.after
    ):
        return
    ids = [answer.after, *(line.id for line in answer.lines)]
    if any(one.encode() >= other.encode() for one, other in pairwise(ids)):
        raise OutOfOrder(f"the lines of {answer.node} behind {answer.after!r}")
    through = None if answer.last or not answer.lines else answer.lines[-1].id
    new = await _differences(work, row, answer, through)
    count = await store.found(work.tx, row["id"], row["version"], new, work.now)
    if through is None or count >= MOST_DIFFERENCES:
        await store.explained(work.tx, row["id"], row["version"], work.now)
    else:
        await store.ask_further(work.tx, row["id"], through, work.now)
        ask_for_lines(work, dict(row), from_json(row["figures"]), through)


async def _differences(
    work: Work, row: Record, answer: LinesReported, through: str | None
) -> list[rules.Difference]:
    """What differs between a page of the node's lines and the router's of the same stretch.

    The router may have more there than a page holds: it goes through the stretch in as many steps as that takes.
    """
    account = (row["interface"], row["direction"])
    groups = groups_of(from_json(row["figures"]))
    after, theirs = answer.after, list(answer.lines)
    found: list[rules.Difference] = []
    while len(found) < MOST_DIFFERENCES:
        ours = await store.page(
            work.tx, row["day"], row["node"], account, groups, after, through, LARGEST_PAGE
        )
        if len(ours) < LARGEST_PAGE:
            found += rules.differences(ours, theirs)
            break
        after = ours[-1].id
        beside = [line for line in theirs if line.id.encode() <= after.encode()]
        theirs = theirs[len(beside) :]
        found += rules.differences(ours, beside)
    return found[:MOST_DIFFERENCES]
