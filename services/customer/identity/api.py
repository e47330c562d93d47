"""`POST /api/customer/v1/identityChecks`: who stands at the counter."""

from libs.security.roles import (
    ACCOUNT_MANAGER,
    CALL_CENTRE_CLERK,
    DEALER_CLERK,
    HALL_CLERK,
    MACHINE,
    SUPERVISOR,
    Roles,
)
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.routes import KIB, Routes
from services.customer import errors
from services.customer.desk import Desk, today
from services.customer.identity.checks import check_identity
from services.customer.identity.model import IdentityCheck, IdentityCheckCreate
from services.customer.identity.rules import normal_number

routes = Routes(prefix="/api/customer/v1", tag="Identity checks")


@routes.post(
    "/identityChecks",
    allow=Roles(HALL_CLERK, CALL_CENTRE_CLERK, DEALER_CLERK, ACCOUNT_MANAGER, SUPERVISOR, MACHINE),
    body=IdentityCheckCreate,
    answer=IdentityCheck,
    status=201,
    errors=(errors.IDENTITY_NUMBER_INVALID,),
    max_body=16 * KIB,
    personal=True,
    summary="Check the identity of who stands at the counter",
)
async def create_identity_check(call: Call[IdentityCheckCreate]) -> Answer:
    """The check is bound to the caller, and good for 30 minutes and one accepted order."""
    desk: Desk = call.runtime.state
    body = call.body
    number = normal_number(body.identificationType, body.identificationId, today(call.now))
    if number is None:
        raise Refusal(
            Reason(errors.IDENTITY_NUMBER_INVALID, path="identificationId", type=body.identificationType)
        )
    async with once(call) as tx:
        checked = await check_identity(
            desk,
            tx,
            call.actor,
            kind=body.identificationType,
            number=number,
            name=body.name,
            method=body.method,
            now=call.now,
        )
        answer = tx.answer(Answer(201, IdentityCheck(id=checked.id, validUntil=checked.valid_until)))
    desk.outbox.wake()
    return answer
