"""`/api/customer/v1/facts/…`: the fleet's own services ask for what they have not been told yet."""

from typing import Any

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked
from libs.messaging.envelope import to_bytes
from libs.security.roles import SERVICE, Roles
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.routes import Routes
from services.customer.facts import store

routes = Routes(prefix="/api/customer/v1/facts", tag="Facts for other services")
_OURS = Roles(SERVICE)


@routes.get("/customers/{id}", allow=_OURS, answer=CustomerChanged)
async def facts_of_customer(call: Call[None]) -> Answer:
    """What decides about a customer, as the newest event told it."""
    return _answer(await store.customers(call.runtime.db, [call.path["id"]]))


@routes.get("/billingAccounts/{id}", allow=_OURS, answer=BillingAccountChanged)
async def facts_of_billing_account(call: Call[None]) -> Answer:
    """Who pays, as the newest event told it."""
    return _answer(await store.accounts(call.runtime.db, [call.path["id"]]))


@routes.get("/identityChecks/{id}", allow=_OURS, answer=IdentityChecked)
async def facts_of_identity_check(call: Call[None]) -> Answer:
    """Who stood at a counter: digests, and a content that is sealed for this node."""
    record = await store.identity_check(call.runtime.db, call.path["id"])
    if record is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, record)


def _answer(found: list[Any]) -> Answer:
    if not found:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, to_bytes(found[0]))
