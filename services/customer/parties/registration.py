"""A party is registered, changed, removed: each in one transaction of the caller's.

An identity belongs to one party of the node: two records of one person would be two histories, and a blacklisted one
would come back under the other. So a second registration is refused, and the clerk looks for the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table

from libs.database import Connection
from libs.security.actor import Actor
from libs.security.bounds import bounds
from libs.web.errors import Code, Reason, Refusal, refuse
from services.customer import errors, tables
from services.customer.accounts import store as accounts
from services.customer.branches.store import is_branch
from services.customer.customers.visibility import parties_of
from services.customer.desk import Desk, today
from services.customer.facts.store import customers_of_party
from services.customer.facts.telling import tell_customers
from services.customer.identity.store import registered, replace_identities
from services.customer.parties import store
from services.customer.parties.rules import (
    FIRST,
    IDENTIFICATION,
    INDIVIDUAL,
    ORGANIZATION,
    TYPES,
    Identity,
    PartyKind,
    agents_of,
    judge_identities,
    may_become,
    with_normal_numbers,
)
from services.customer.personal import records
from services.customer.personal.records import Record
from services.customer.personal.rules import unusable_contacts

TABLES: Mapping[PartyKind, Table] = MappingProxyType(
    {INDIVIDUAL: tables.individuals, ORGANIZATION: tables.organizations}
)
_CODES: Mapping[str, Code] = MappingProxyType(
    {
        "number-invalid": errors.IDENTITY_NUMBER_INVALID,
        "type-not-allowed": errors.IDENTIFICATION_TYPE_NOT_ALLOWED,
        "repeated": errors.IDENTITY_REPEATED,
        "birth-date-differs": errors.BIRTH_DATE_DIFFERS,
    }
)


@dataclass(frozen=True, slots=True)
class _Judged:
    document: dict[str, Any]
    identities: list[Identity]
    agents: dict[str, str]


async def register_party(
    desk: Desk,
    tx: Connection,
    kind: PartyKind,
    document: Mapping[str, Any],
    *,
    id: str,
    actor: Actor | None,
    now: datetime,
) -> Record:
    """Keep a new party. `document`: a valid representation; `actor`: None for what a node starts with.

    Raises Refusal with every reason.
    """
    judged = _judge(kind, document, now)
    whole = {**judged.document, "id": id, "@type": document.get("@type", kind)}
    whole.setdefault("status", FIRST)
    care = bounds(actor) if actor else None
    record = await records.insert(
        desk,
        tx,
        TABLES[kind],
        id,
        whole,
        now,
        status=whole["status"],
        area=actor.area if actor else None,
        dealer=care.dealer if care else None,
        account_manager=care.account_manager if care else None,
    )
    await _keep_identities(desk, tx, kind, id, judged)
    if kind == ORGANIZATION:
        await _keep_agents(tx, id, judged.agents, actor)
    return record


async def change_party(
    desk: Desk,
    tx: Connection,
    kind: PartyKind,
    before: Record,
    document: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> Record:
    """The next version of a locked party; the customers that it is, or acts for, are told of anew.

    Raises Refusal with every reason.
    """
    if kind == ORGANIZATION and await is_branch(tx, party=before.id):
        raise Refusal(Reason(errors.NATIONAL_RECORD))
    judged = _judge(kind, document, now)
    whole = {**judged.document, "id": before.id}
    status = whole.setdefault("status", FIRST)
    if not may_become(kind, before.whole["status"], status):
        raise Refusal(
            Reason(errors.STATUS_NOT_REACHABLE, path="status", now=before.whole["status"], wanted=status)
        )
    record = await records.replace(desk, tx, TABLES[kind], before, whole, now, status=status)
    await _keep_identities(desk, tx, kind, before.id, judged)
    if kind == ORGANIZATION:
        await _keep_agents(tx, before.id, judged.agents, actor)
    await tell_customers(desk, tx, await customers_of_party(tx, before.id), now)
    return record


async def remove_party(tx: Connection, kind: PartyKind, before: Record, *, now: datetime) -> None:
    """Remove a locked party that nothing refers to and that is in its first state. Raises Refusal otherwise."""
    referred = await store.is_referred_to(tx, before.id) or await accounts.is_referred_to(tx, before.id)
    if before.whole["status"] != FIRST or referred:
        raise Refusal(Reason(errors.NOT_DELETABLE))
    await replace_identities(tx, before.id, kind, [])
    await records.remove(tx, TABLES[kind], before, now)


def _judge(kind: PartyKind, document: Mapping[str, Any], now: datetime) -> _Judged:
    identities, faults = judge_identities(kind, document, today(now))
    allowed = ", ".join(sorted(TYPES[kind]))
    refuse(
        [
            *(Reason(_CODES[one.what], path=one.path, type=one.kind, allowed=allowed) for one in faults),
            *(Reason(errors.CONTACT_INVALID, path=path) for path in unusable_contacts(document)),
        ]
    )
    agents = agents_of(document) if kind == ORGANIZATION else {}
    return _Judged(with_normal_numbers(kind, document, identities), identities, agents)


async def _keep_identities(desk: Desk, tx: Connection, kind: PartyKind, party: str, judged: _Judged) -> None:
    digests = {one: desk.cipher.digests(one.kind, one.number) for one in judged.identities}
    rows = [(digest, one.kind) for one in judged.identities for digest in digests[one]]
    if await replace_identities(tx, party, kind, rows):
        return
    taken = await registered(tx, [digest for digest, _ in rows], but=party)
    raise Refusal(
        *(
            Reason(
                errors.IDENTITY_ALREADY_REGISTERED,
                path=f"{IDENTIFICATION[kind]}[{place}].identificationId",
            )
            for place, one in enumerate(judged.identities)
            if not taken.isdisjoint(digests[one])
        )
    )


async def _keep_agents(
    tx: Connection, organization: str, agents: Mapping[str, str], actor: Actor | None
) -> None:
    visible = parties_of(actor) if actor else None
    found = await store.lock_individuals(tx, list(agents), visible, organization)
    refuse(Reason(errors.AGENT_UNKNOWN, path=path, id=id) for id, path in agents.items() if id not in found)
    await store.replace_agents(tx, organization, sorted(agents))
