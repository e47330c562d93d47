"""TMF666: partyAccount, settlementAccount, financialAccount."""

from typing import Any

from libs.security.roles import HQ_OPERATOR, MIGRATION, SUPERVISOR, Roles
from libs.tmf import Document, Resource, bounded
from libs.tmf.resource import ModelClass
from libs.web.call import Call
from libs.web.routes import Routes
from services.customer import errors
from services.customer.accounts.api import BILLING_ACCOUNTS
from services.customer.accounts.model import FinancialAccount, PartyAccount, SettlementAccount
from services.customer.personal.records import Record
from services.customer.personal.serving import (
    MAY_REMOVE,
    MAY_WRITE,
    PERSONAL_NAMES,
    Served,
    already_masked,
    serve,
)
from services.customer.settling.registration import (
    FINANCIAL,
    PARTY,
    SETTLEMENT,
    Kind,
    change_account,
    open_account,
    remove_account,
)

KEEPERS = Roles(SUPERVISOR, HQ_OPERATOR, MIGRATION)
"""Whom a partner is settled with, and where that is booked, no counter decides."""


def _declared(kind: Kind, name: str, model: ModelClass) -> Resource:
    return Resource(
        name=name,
        type=kind.type,
        base=BILLING_ACCOUNTS.base,
        table=kind.table,
        model=model,
        columns={"state": "state"},
        server_set=frozenset({"id", "href", "lastModified"}),
        visible=bounded(dealer="dealer", area="area", account_manager="account_manager"),
        mask=already_masked,
        personal=PERSONAL_NAMES,
    )


PARTY_ACCOUNTS = _declared(PARTY, "partyAccount", PartyAccount)
SETTLEMENT_ACCOUNTS = _declared(SETTLEMENT, "settlementAccount", SettlementAccount)
FINANCIAL_ACCOUNTS = _declared(FINANCIAL, "financialAccount", FinancialAccount)
_REFUSALS = (
    errors.CONTACT_INVALID,
    errors.PARTY_UNKNOWN,
    errors.BY_ORDER_ONLY,
    errors.STATUS_NOT_REACHABLE,
)


def _routes(kind: Kind, resource: Resource, tag: str, writers: Roles, removers: Roles) -> Routes:
    async def make(call: Call[Any], tx: Any, document: Document, id: str) -> Record:
        return await open_account(
            call.runtime.state, tx, kind, document, id=id, actor=call.actor, now=call.now
        )

    async def change(call: Call[Any], tx: Any, before: Record, document: Document) -> Record:
        return await change_account(
            call.runtime.state, tx, kind, before, document, actor=call.actor, now=call.now
        )

    async def remove(call: Call[Any], tx: Any, before: Record) -> None:
        await remove_account(tx, kind, before, now=call.now)

    return serve(
        Served(
            resource=resource,
            make=make,
            change=change,
            remove=remove,
            made_refusals=_REFUSALS,
            changed_refusals=_REFUSALS,
            writers=writers,
            removers=removers,
        ),
        tag,
    )


routes = (
    _routes(PARTY, PARTY_ACCOUNTS, "TMF666 Party account", MAY_WRITE, MAY_REMOVE),
    _routes(SETTLEMENT, SETTLEMENT_ACCOUNTS, "TMF666 Settlement account", KEEPERS, KEEPERS),
    _routes(FINANCIAL, FINANCIAL_ACCOUNTS, "TMF666 Financial account", KEEPERS, KEEPERS),
)
