"""A province's side: what headquarters published becomes this node's copy, and customers' facts follow."""

from collections.abc import Sequence

from contracts.publications import ListedIdentity
from libs.messaging import Work
from libs.publishing import RECORD_OF_ANOTHER, Conflict
from services.customer.facts.telling import tell_listed
from services.customer.publishing import copies
from services.customer.publishing.rules import judge_page


async def take_in(work: Work, records: Sequence[ListedIdentity]) -> list[Conflict]:
    """Take in the records that are newer than the copy, all of a page at once; what of them could not be."""
    held = await copies.held(work.tx, (record.id for record in records))
    taken = judge_page(records, held)
    if taken.listed:
        await copies.write_listed(work.tx, taken.listed, work.now)
    if taken.removed:
        await copies.write_removed(work.tx, taken.removed, work.now)
    if taken.listed or taken.removed:
        await tell_listed(work.runtime.state, work.tx, work.now, digests=taken.concerned(held))
    return [
        Conflict(one.id, one.number, RECORD_OF_ANOTHER)
        for one in sorted(taken.refused, key=lambda one: one.id)
    ]
