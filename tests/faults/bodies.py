"""Where front ends ask, and the bodies of what they ask."""

from typing import Any

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
CANCELS = "/tmf-api/productOrderingManagement/v4/cancelProductOrder"
PAYMENTS = "/tmf-api/paymentManagement/v4/payment"
OFFERINGS = "/tmf-api/productCatalogManagement/v4/productOffering"
CUSTOMERS = "/tmf-api/customerManagement/v4/customer"
CHECKS = "/api/customer/v1/identityChecks"
NUMBERS = "/api/resource/v1/numbers"
CARDS = "/api/resource/v1/cards"
SUBSCRIBERS = "/api/order-acceptance/v1/subscribers"
PLANS = ("轻享4G 29元套餐", "轻享4G 59元套餐")
OPTIONS = ("来电显示", "漏话提醒", "10GB月流量包", "100条短信包")


def payment(account: str, amount: float, key: str) -> dict[str, Any]:
    return {
        "account": {"id": account},
        "paymentMethod": {"@type": "cash"},
        "totalAmount": {"unit": "CNY", "value": amount},
        "correlatorId": key,
    }


def on_subscriber(
    business: str,
    number: str,
    *,
    characteristics: dict[str, str] | None = None,
    offering: str | None = None,
    check: str | None = None,
    money: str | None = None,
    action: str = "modify",
    **product: Any,
) -> dict[str, Any]:
    """An order on the subscription of this number."""
    item: dict[str, Any] = {
        "id": "1",
        "action": action,
        "product": {
            "productSerialNumber": number,
            "productCharacteristic": named(**(characteristics or {})),
            **product,
        },
    }
    return {
        "category": business,
        "payment": [{"id": money}] if money else [],
        "relatedParty": [presenter(check)] if check else [],
        "productOrderItem": [item | ({"productOffering": {"id": offering}} if offering else {})],
    }


def opening(
    customer: str, plan: str, number: str, iccid: str, *, check: str, money: str | None
) -> dict[str, Any]:
    """An order that opens an account."""
    return {
        "category": "open-account",
        "payment": [{"id": money}] if money else [],
        "relatedParty": [
            {"id": customer, "role": "customer", "@referredType": "Customer"},
            presenter(check),
        ],
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "quantity": 1,
                "productOffering": {"id": plan},
                "product": {"productCharacteristic": named(msisdn=number, iccid=iccid)},
            }
        ],
    }


def on_option(business: str, number: str, offering: str) -> dict[str, Any]:
    """The item of an order that subscribes or gives up an option."""
    relies = [{"relationshipType": "reliesOn", "product": {"productSerialNumber": number}}]
    return {
        "id": "1",
        "action": "add" if business == "subscribe" else "delete",
        "productOffering": {"id": offering},
        "product": {"productRelationship": relies},
    }


def named(**characteristics: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in characteristics.items()]


def presenter(check: str) -> dict[str, str]:
    return {"id": check, "role": "presenter", "@referredType": "IdentityCheck"}
