"""TMF676 payment and refund."""

from libs.security.roles import (
    ACCOUNT_MANAGER,
    CALL_CENTRE_CLERK,
    DEALER_CLERK,
    EVERYONE,
    HALL_CLERK,
    HQ_OPERATOR,
    MACHINE,
    SUPERVISOR,
    Roles,
)
from libs.tmf.codes import SENT
from libs.tmf.crud import READS, crud_routes
from libs.web.call import Answer, Call
from libs.web.routes import KIB, Routes
from services.order_acceptance import errors
from services.order_acceptance.payments.give_back import refund
from services.order_acceptance.payments.model import Payment, PaymentCreate, Refund, RefundCreate
from services.order_acceptance.payments.resource import PAYMENT, REFUND
from services.order_acceptance.payments.take import take_payment

TAKERS = Roles(HALL_CLERK, CALL_CENTRE_CLERK, DEALER_CLERK, ACCOUNT_MANAGER, SUPERVISOR, HQ_OPERATOR, MACHINE)
REFUNDERS = Roles(HALL_CLERK, SUPERVISOR)
TAG = "TMF676 Payment"

taking = Routes(prefix=PAYMENT.base, tag=TAG)


@taking.post(
    "/payment",
    allow=TAKERS,
    body=PaymentCreate,
    answer=Payment,
    status=201,
    max_body=64 * KIB,
    errors=(*SENT, errors.ACCOUNT_INVALID, errors.ACCOUNT_UNKNOWN, errors.CHANNEL_DIFFERS, errors.HOME_ONLY),
    operation_id="createPayment",
)
async def create_payment(call: Call[PaymentCreate]) -> Answer:
    """Take money: for `counter`, for whoever pays for a number (`tel:+86…`), or for an account of this node."""
    return await take_payment(call)


@taking.post(
    "/refund",
    allow=REFUNDERS,
    body=RefundCreate,
    answer=Refund,
    status=201,
    max_body=64 * KIB,
    errors=(
        *SENT,
        errors.PAYMENT_UNKNOWN,
        errors.PAYMENT_IN_USE,
        errors.PAYMENT_UNDER_WAY,
        errors.PAYMENT_POSTED,
        errors.REFUND_EXCEEDS,
        errors.CHANNEL_DIFFERS,
    ),
    operation_id="createRefund",
)
async def create_refund(call: Call[RefundCreate]) -> Answer:
    """Give money back that lies at the counter and belongs to no order."""
    return await refund(call)


reading = (
    crud_routes(PAYMENT, allow_read=EVERYONE, offer=READS, tag=TAG),
    crud_routes(REFUND, allow_read=EVERYONE, offer=READS, tag=TAG),
)
