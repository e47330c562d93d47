"""A billing account is opened, changed, removed: each in one transaction of the caller's, and told to the others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.events import BillingAccountChanged
from libs.database import Connection
from libs.security.actor import Actor
from libs.tmf import moment
from libs.web.errors import Reason, Refusal, refuse
from services.customer import errors
from services.customer.accounts import store
from services.customer.accounts.rules import ACTIVE, FIRST, may_become, may_begin, payer_of, refers_to
from services.customer.customers.rules import CLOSED as CUSTOMER_CLOSED
from services.customer.customers.visibility import customers_of
from services.customer.desk import Desk
from services.customer.facts import store as facts
from services.customer.facts.telling import tell_accounts
from services.customer.personal import records
from services.customer.personal.records import Record
from services.customer.personal.rules import unusable_contacts
from services.customer.tables import billing_accounts as TABLE


async def open_account(
    desk: Desk, tx: Connection, document: Mapping[str, Any], *, id: str, actor: Actor | None, now: datetime
) -> Record:
    """Keep a new account of a customer whom the actor sees. Raises Refusal with every reason."""
    whole = {
        **document,
        "id": id,
        "@type": document.get("@type", "BillingAccount"),
        "lastModified": moment(now),
    }
    state = whole.setdefault("state", ACTIVE)
    reasons = faults_of(whole)
    if not may_begin(state):
        reasons.append(unreachable("nothing", state))
    payer = payer_of(whole)
    if payer is None:
        refuse([*reasons, Reason(errors.PAYER_REQUIRED, path="relatedParty")])
        raise AssertionError("refused")
    customer, path = payer
    owner = await store.lock_customer(tx, customer, customers_of(actor) if actor else None)
    if owner is None:
        reasons.append(Reason(errors.CUSTOMER_UNKNOWN, path=path, id=customer))
    elif owner.status == CUSTOMER_CLOSED:
        reasons.append(Reason(errors.CUSTOMER_CLOSED, path=path, id=customer))
    refuse(sorted(reasons, key=lambda reason: reason.code.status))
    record = await records.insert(
        desk,
        tx,
        TABLE,
        id,
        whole,
        now,
        state=state,
        customer=customer,
        area=owner.area if owner else None,
        refers=refers_to(whole),
    )
    await tell_accounts(desk, tx, [id], now)
    return record


async def change_account(
    desk: Desk, tx: Connection, before: Record, document: Mapping[str, Any], *, now: datetime
) -> Record:
    """The next version of a locked account; who pays changes by order only. Raises Refusal with every reason."""
    whole = {**document, "id": before.id, "lastModified": moment(now)}
    old, state = before.whole["state"], whole.setdefault("state", ACTIVE)
    reasons = faults_of(whole)
    payer, known = payer_of(whole), payer_of(before.whole)
    if payer is None:
        reasons.append(Reason(errors.PAYER_REQUIRED, path="relatedParty"))
    elif known is None or payer[0] != known[0]:
        reasons.append(Reason(errors.BY_ORDER_ONLY, path=payer[1]))
    if not may_become(old, state):
        reasons.append(unreachable(old, state))
    refuse(sorted(reasons, key=lambda reason: reason.code.status))
    record = await records.replace(desk, tx, TABLE, before, whole, now, state=state, refers=refers_to(whole))
    await tell_accounts(desk, tx, [before.id], now)
    return record


async def remove_account(desk: Desk, tx: Connection, before: Record, *, now: datetime) -> None:
    """Remove a locked account that was never active and that none refers to; the other services hear of it.

    Raises Refusal otherwise.
    """
    if before.whole["state"] != FIRST or await store.is_referred_to(tx, before.id):
        raise Refusal(Reason(errors.NOT_DELETABLE))
    last = await facts.accounts(tx, [before.id])
    await records.remove(tx, TABLE, before, now)
    gone: list[BillingAccountChanged] = [
        one.model_copy(update={"deleted": True, "version": one.version + 1, "at": now}) for one in last
    ]
    await desk.tell(tx, gone, now)


def faults_of(document: Mapping[str, Any]) -> list[Reason]:
    """What is wrong with an account of any kind by itself."""
    reasons = [Reason(errors.CONTACT_INVALID, path=path) for path in unusable_contacts(document)]
    if document.get("accountBalance"):
        reasons.append(Reason(errors.BY_ORDER_ONLY, path="accountBalance"))
    return reasons


def unreachable(now: str, wanted: str) -> Reason:
    """An account does not go from one of these states to the other."""
    return Reason(errors.STATUS_NOT_REACHABLE, path="state", now=now, wanted=wanted)
