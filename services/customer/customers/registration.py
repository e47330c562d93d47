"""A customer is made, changed, removed: each in one transaction of the caller's, and told to the other services."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from contracts.events import CustomerChanged
from libs.database import Connection
from libs.security.actor import Actor
from libs.web import codes
from libs.web.errors import Code, Reason, Refusal, refuse
from services.customer import errors
from services.customer.accounts import store as accounts
from services.customer.branches.store import is_branch
from services.customer.customers import store
from services.customer.customers.rules import (
    ACTIVE,
    CLOSED,
    PROSPECT,
    Care,
    Fault,
    care_of,
    judge_care,
    may_become,
    may_begin,
    with_care_of_actor,
)
from services.customer.customers.visibility import parties_of
from services.customer.desk import Desk
from services.customer.facts import store as facts
from services.customer.facts.telling import tell_customers, tell_new_customer
from services.customer.parties.store import lock_party
from services.customer.personal import records
from services.customer.personal.records import Record
from services.customer.personal.rules import unusable_contacts
from services.customer.tables import customers as TABLE

_CODES: Mapping[str, Code] = MappingProxyType(
    {
        "area-not-here": errors.AREA_NOT_HERE,
        "not-yours": errors.NOT_YOURS,
        "not-text": codes.INVALID,
    }
)


async def make_customer(
    desk: Desk, tx: Connection, document: Mapping[str, Any], *, id: str, actor: Actor | None, now: datetime
) -> Record:
    """Keep a new customer. `document`: a valid representation; `actor`: None for what a node starts with.

    Raises Refusal with every reason.
    """
    cared = with_care_of_actor(document, actor) if actor else dict(document)
    whole = {**cared, "id": id, "@type": document.get("@type", "Customer")}
    status = whole.setdefault("status", ACTIVE)
    party = document["engagedParty"]
    found = await lock_party(tx, party["@referredType"], party["id"], parties_of(actor) if actor else None)
    refuse(
        [
            *_faults(desk, whole, None, actor),
            *(
                []
                if found
                else [
                    Reason(
                        errors.PARTY_UNKNOWN,
                        path="engagedParty.id",
                        type=party["@referredType"],
                        id=party["id"],
                    )
                ]
            ),
            *([] if may_begin(status) else [_unreachable("", status)]),
        ]
    )
    care = care_of(whole)
    record = await records.insert(
        desk,
        tx,
        TABLE,
        id,
        whole,
        now,
        status=status,
        kind=party["@referredType"].lower(),
        party=party["id"],
        facts_version=1,
        facts_at=now,
        **_columns(care),
    )
    await tell_new_customer(desk, tx, id, now)
    return record


async def change_customer(
    desk: Desk, tx: Connection, before: Record, document: Mapping[str, Any], *, actor: Actor, now: datetime
) -> Record:
    """The next version of a locked customer. Raises Refusal with every reason."""
    if await is_branch(tx, customer=before.id):
        raise Refusal(Reason(errors.NATIONAL_RECORD))
    whole = {**document, "id": before.id}
    old, status = before.whole["status"], whole.setdefault("status", ACTIVE)
    reasons = _faults(desk, whole, care_of(before.whole), actor)
    if _party(document) != _party(before.whole):
        # Who a customer is decides whose the subscriptions are: that goes with transfer-ownership.
        reasons.append(Reason(errors.BY_ORDER_ONLY, path="engagedParty"))
    if not may_become(old, status):
        reasons.append(_unreachable(old, status))
    elif status == CLOSED != old and (count := await store.open_accounts(tx, before.id)):
        reasons.append(Reason(errors.CUSTOMER_HAS_ACCOUNTS, path="status", count=count))
    refuse(reasons)
    record = await records.replace(
        desk, tx, TABLE, before, whole, now, status=status, **_columns(care_of(whole))
    )
    await tell_customers(desk, tx, [before.id], now)
    return record


async def remove_customer(desk: Desk, tx: Connection, before: Record, *, now: datetime) -> None:
    """Remove a locked prospect whom nothing refers to; the other services hear of it. Raises Refusal otherwise."""
    if await is_branch(tx, customer=before.id):
        raise Refusal(Reason(errors.NATIONAL_RECORD))
    referred = await store.is_referred_to(tx, before.id) or await accounts.is_referred_to(tx, before.id)
    if before.whole["status"] != PROSPECT or referred:
        raise Refusal(Reason(errors.NOT_DELETABLE))
    await facts.raise_versions(tx, [before.id], now)
    last = await facts.customers(tx, [before.id])
    await records.remove(tx, TABLE, before, now)
    gone: list[CustomerChanged] = [one.model_copy(update={"deleted": True}) for one in last]
    await desk.tell(tx, gone, now)


def _faults(
    desk: Desk, document: Mapping[str, Any], before: Care | None, actor: Actor | None
) -> list[Reason]:
    faults: list[Fault] = judge_care(document, before, actor, desk.node)
    return [
        *(
            Reason(
                _CODES[one.what],
                path="characteristic",
                name=one.name,
                value=one.value,
                area=one.value,
                detail=f"{one.name}: text of 1 to 64 characters",
            )
            for one in faults
        ),
        *(Reason(errors.CONTACT_INVALID, path=path) for path in unusable_contacts(document)),
    ]


def _unreachable(now: str, wanted: str) -> Reason:
    return Reason(errors.STATUS_NOT_REACHABLE, path="status", now=now or "nothing", wanted=wanted)


def _party(document: Mapping[str, Any]) -> tuple[str, str]:
    party = document["engagedParty"]
    return party["id"], party["@referredType"]


def _columns(care: Care) -> dict[str, str | None]:
    return {
        "area": care.area,
        "level": care.level,
        "dealer": care.dealer,
        "account_manager": care.account_manager,
    }
