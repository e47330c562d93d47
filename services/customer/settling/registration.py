"""An account that is no customer's is opened, changed, removed: each in one transaction of the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table

from libs.database import Connection
from libs.security.actor import Actor
from libs.security.bounds import bounds
from libs.tmf import moment
from libs.web.errors import Reason, Refusal, refuse
from services.customer import errors, tables
from services.customer.accounts.registration import faults_of, unreachable
from services.customer.accounts.rules import ACTIVE, FIRST, may_become, may_begin, refers_to
from services.customer.accounts.store import is_referred_to
from services.customer.desk import Desk
from services.customer.personal import records
from services.customer.personal.records import Record
from services.customer.settling import store


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of such accounts."""

    type: str
    table: Table


PARTY = Kind("PartyAccount", tables.party_accounts)
SETTLEMENT = Kind("SettlementAccount", tables.settlement_accounts)
FINANCIAL = Kind("FinancialAccount", tables.financial_accounts)


async def open_account(
    desk: Desk,
    tx: Connection,
    kind: Kind,
    document: Mapping[str, Any],
    *,
    id: str,
    actor: Actor,
    now: datetime,
) -> Record:
    """Keep a new account; what it names of this service has to be there. Raises Refusal with every reason."""
    whole = {
        **document,
        "id": id,
        "@type": document.get("@type", kind.type),
        "lastModified": moment(now),
    }
    state = whole.setdefault("state", ACTIVE)
    reasons = [*faults_of(whole), *await _unknown_parties(tx, whole, (), actor)]
    if not may_begin(state):
        reasons.append(unreachable("nothing", state))
    refuse(sorted(reasons, key=lambda reason: reason.code.status))
    care = bounds(actor)
    return await records.insert(
        desk,
        tx,
        kind.table,
        id,
        whole,
        now,
        state=state,
        refers=_refers(whole),
        area=actor.area,
        dealer=care.dealer,
        account_manager=care.account_manager,
    )


async def change_account(
    desk: Desk,
    tx: Connection,
    kind: Kind,
    before: Record,
    document: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> Record:
    """The next version of a locked account. Raises Refusal with every reason."""
    whole = {**document, "id": before.id, "lastModified": moment(now)}
    old, state = before.whole["state"], whole.setdefault("state", ACTIVE)
    known = [party["id"] for party in before.whole.get("relatedParty") or ()]
    reasons = [*faults_of(whole), *await _unknown_parties(tx, whole, known, actor)]
    if not may_become(old, state):
        reasons.append(unreachable(old, state))
    refuse(sorted(reasons, key=lambda reason: reason.code.status))
    return await records.replace(desk, tx, kind.table, before, whole, now, state=state, refers=_refers(whole))


async def remove_account(tx: Connection, kind: Kind, before: Record, *, now: datetime) -> None:
    """Remove a locked account that was never active and that none refers to. Raises Refusal otherwise."""
    if before.whole["state"] != FIRST or await is_referred_to(tx, before.id):
        raise Refusal(Reason(errors.NOT_DELETABLE))
    await records.remove(tx, kind.table, before, now)


def _refers(document: Mapping[str, Any]) -> list[str] | None:
    """With the parties and customers that it names: those cannot go while it is there."""
    parties = [
        party["id"] for party in document.get("relatedParty") or () if party["@referredType"] in store.OWN
    ]
    return sorted({*(refers_to(document) or ()), *parties}) or None


async def _unknown_parties(
    tx: Connection, document: Mapping[str, Any], known: Sequence[str], actor: Actor
) -> list[Reason]:
    """Parties and customers that are named newly, and are not there for this actor; others' records are as given."""
    reasons = []
    parties = document.get("relatedParty") or ()
    for type in store.OWN:
        named = {
            party["id"]: place
            for place, party in enumerate(parties)
            if party["@referredType"] == type and party["id"] not in known
        }
        there = await store.there(tx, type, list(named), actor) if named else set()
        reasons += [
            Reason(errors.PARTY_UNKNOWN, path=f"relatedParty[{place}].id", id=id)
            for id, place in named.items()
            if id not in there
        ]
    return reasons
