"""Bills from the provinces, by the batch."""

from contracts.bills import CrossProvinceBill
from libs.messaging import Message, Work
from libs.messaging.tiers import check_source
from services.hq_router.bills import rules, store


class NotBetweenTwo(ValueError):
    """A bill of a node for itself: nothing that two provinces settle."""


class BillDiffers(ValueError):
    """A bill that is known, with another home, amount or day: kept aside, never written over."""


async def on_bills(work: Work, messages: list[Message[CrossProvinceBill]]) -> None:
    """Record each bill once.

    Raises Spoofed for a bill that its topic's node did not collect, NotBetweenTwo, BillDiffers.
    """
    fresh: dict[store.Name, CrossProvinceBill] = {}
    for message in messages:
        bill = message.data
        check_source(message, bill.collected_by)
        if bill.home == bill.collected_by:
            raise NotBetweenTwo(f"payment {bill.payment} was collected by its own home {bill.home}")
        name: store.Name = (bill.collected_by, bill.payment, bill.work_order, bill.kind)
        if name in fresh and fresh[name] != bill:
            raise BillDiffers(f"{bill.kind} {bill.payment} of {bill.collected_by} came in two forms")
        fresh[name] = bill
    pairs = [(bill.collected_by, bill.home, bill.accounting_day) for bill in fresh.values()]
    so_far = await store.lock_figures(work.tx, pairs)
    # A bill that is known must not make a new version of its day.
    recorded = await store.known(work.tx, list(fresh.values()))
    for known, was in recorded.items():
        bill = fresh[known]
        if was != (bill.home, bill.amount, bill.accounting_day):
            raise BillDiffers(f"{bill.kind} {bill.payment} of {bill.collected_by} was recorded otherwise")
    bills = [bill for name, bill in fresh.items() if name not in recorded]
    versions = rules.versions(pairs, so_far, work.now)
    rows = [(bill, *versions[bill.collected_by, bill.home, bill.accounting_day]) for bill in bills]
    if rows:
        await store.insert(work.tx, rows, work.now)
