"""Bodies as front ends send them."""

from typing import Any

from services.order_acceptance.tests.others import CUSTOMER, OPTION, PLAN

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
PAYMENTS = "/tmf-api/paymentManagement/v4/payment"
REFUNDS = "/tmf-api/paymentManagement/v4/refund"
PRODUCTS = "/tmf-api/productInventory/v4/product"
NUMBER, ICCID = "13012345678", "89860100000000000001"


def characteristics(**named: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in named.items()]


def presenter(check: str) -> dict[str, str]:
    return {"id": check, "role": "presenter", "@referredType": "IdentityCheck"}


def payment(amount: float = 100.00, account: str = "counter") -> dict[str, Any]:
    return {
        "account": {"id": account},
        "paymentMethod": {"@type": "cash"},
        "totalAmount": {"unit": "CNY", "value": amount},
    }


def open_account(check: str, *payments: str, number: str = NUMBER, **more: Any) -> dict[str, Any]:
    return {
        "category": "open-account",
        "payment": [{"id": one} for one in payments],
        "relatedParty": [
            {"id": CUSTOMER, "role": "customer", "@referredType": "Customer"},
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
    check: str, *payments: str, number: str = NUMBER, iccid: str = "89860100000000000002"
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
    }
