"""TMF676 payment and refund as resources."""

from typing import Any

from libs.json_text import json_text
from libs.tmf.render import represent
from libs.tmf.resource import Document, Resource
from libs.web.call import Answer, Call
from libs.web.editing import etag
from services.order_acceptance.payments.model import Payment, Refund
from services.order_acceptance.tables import payments, refunds
from services.order_acceptance.visibility import of_money

BASE = "/tmf-api/paymentManagement/v4"

PAYMENT = Resource(
    name="payment",
    type="Payment",
    base=BASE,
    table=payments,
    model=Payment,
    columns={"status": "status", "account.id": "account", "correlatorId": "correlator"},
    visible=of_money,
)

REFUND = Resource(
    name="refund",
    type="Refund",
    base=BASE,
    table=refunds,
    model=Refund,
    columns={"status": "status", "payment.id": "payment"},
    visible=of_money,
)


def payment_answer(call: Call[Any], document: Document) -> Answer:
    """The answer to money taken."""
    return _made(PAYMENT, call, document)


def refund_answer(call: Call[Any], document: Document) -> Answer:
    """The answer to money given back."""
    return _made(REFUND, call, document)


def _made(resource: Resource, call: Call[Any], document: Document) -> Answer:
    shown = represent(resource, call, dict(document), full=True)
    return Answer(201, json_text(shown), {"ETag": etag(1)}, location=shown["href"])
