"""Bodies as front ends send them."""

from copy import deepcopy
from typing import Any

from services.order_acceptance.tests.owners import ACCOUNT, CUSTOMER, OPTION, PLAN

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
PAYMENTS = "/tmf-api/paymentManagement/v4/payment"
REFUNDS = "/tmf-api/paymentManagement/v4/refund"
PRODUCTS = "/tmf-api/productInventory/v4/product"
WORK_ORDERS = "/api/order-acceptance/v1/workOrders"
DEAD_LETTERS = "/api/order-acceptance/v1/deadLetters"
NUMBER, ICCID = "13012345678", "89860100000000000001"


def characteristics(**named: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in named.items()]


def presenter(check: str) -> dict[str, str]:
    return {"id": check, "role": "presenter", "@referredType": "IdentityCheck"}


def cny(value: float) -> dict[str, Any]:
    return {"unit": "CNY", "value": value}


def payment(amount: float = 100.00, account: str = "counter", **more: Any) -> dict[str, Any]:
    return {
        "account": {"id": account},
        "paymentMethod": {"@type": "cash"},
        "totalAmount": cny(amount),
        **more,
    }


def refund(payment: str, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "account": {"id": "counter"},
        "paymentMethod": {"@type": "cash"},
        "totalAmount": cny(amount),
        "payment": {"id": payment},
        **more,
    }


def open_account(
    check: str, *payments: str, number: str = NUMBER, customer: str = CUSTOMER, **more: Any
) -> dict[str, Any]:
    return {
        "category": "open-account",
        "payment": [{"id": one} for one in payments],
        "relatedParty": [
            {"id": customer, "role": "customer", "@referredType": "Customer"},
            presenter(check),
        ],
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "quantity": 1,
                "productOffering": {"id": PLAN},
                "product": {"productCharacteristic": characteristics(msisdn=number, iccid=ICCID)},
            },
            {
                "id": "2",
                "action": "add",
                "productOffering": {"id": OPTION},
                "productOrderItemRelationship": [{"id": "1", "relationshipType": "reliesOn"}],
            },
        ],
        **more,
    }


def replace_sim(
    check: str, *payments: str, number: str = NUMBER, iccid: str = "89860100000000000002", **more: Any
) -> dict[str, Any]:
    return {
        "category": "replace-sim",
        "payment": [{"id": one} for one in payments],
        "relatedParty": [presenter(check)],
        "productOrderItem": [
            {
                "id": "1",
                "action": "modify",
                "product": {
                    "productSerialNumber": number,
                    "productCharacteristic": characteristics(iccid=iccid),
                },
            }
        ],
        **more,
    }


def subscription(number: str, iccid: str, customer: str = CUSTOMER, account: str = ACCOUNT) -> dict[str, Any]:
    """A subscription that is brought over from a former system."""
    return {
        "name": number,
        "productSerialNumber": number,
        "status": "active",
        "billingAccount": {"id": account},
        "productOffering": {"id": PLAN},
        "relatedParty": [{"id": customer, "role": "customer", "@referredType": "Customer"}],
        "realizingResource": [
            {"id": number, "value": number, "@referredType": "LogicalResource"},
            {"id": iccid, "value": iccid, "@referredType": "PhysicalResource"},
        ],
    }


LEFT_OUT = object()


def changed(body: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    """A copy of a body with one thing changed, or LEFT_OUT: `changed(body, "productOrderItem.0.action", "ad")`."""
    copy: dict[str, Any] = deepcopy(body)
    *way, last = (int(step) if step.isdigit() else step for step in where.split("."))
    here: Any = copy
    for step in way:
        here = here[step]
    if value is LEFT_OUT:
        del here[last]
    else:
        here[last] = value
    return copy
