"""Evidence of two orders, small enough to be read: an account that was opened in Guangdong with money from the counter,
and a payment to it that Beijing took; and money that was left at the counter. All promises are kept."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.faults.checker.evidence import ACCEPTANCE, Evidence, Row

NOON = datetime(2026, 11, 26, 4, tzinfo=UTC)
DAY = "2026-11-26"
NUMBER, CARD, PROFILE, PLAN, ACCOUNT = "13000405000", "8986-1", "46001-1", "plan", "account"
OPENED, PAID = "order", "payment"
"""The ids of both orders."""


def small() -> Evidence:
    """A new one for each who wants to doctor it."""
    found = Evidence(("hq", "bj", "gd"), history=_history())
    found.rows = {
        ("gd", ACCEPTANCE, "orders"): [_order()],
        ("gd", ACCEPTANCE, "payments"): [
            _payment("bound", "counter", "100.00", "done"),
            _payment("left", "counter", "10.00", "authorized"),
        ],
        ("gd", ACCEPTANCE, "bindings"): [{"payment": "bound", "order_id": OPENED}],
        ("bj", ACCEPTANCE, "payments"): [_payment(PAID, "tel:+86" + NUMBER, "30.00", "done")],
        ("gd", ACCEPTANCE, "work_orders"): [_opening(), _paying("home", "gd-1")],
        ("bj", ACCEPTANCE, "work_orders"): [_paying("acceptance", "bj-1")],
        ("gd", ACCEPTANCE, "products"): [
            {
                "id": "subscription",
                "number": NUMBER,
                "status": "active",
                "kind": "subscription",
                "parent": None,
                "customer": "customer",
                "billing_account": ACCOUNT,
                "offering": PLAN,
                "iccid": CARD,
                "imsi": PROFILE,
                "opened_by": OPENED,
            }
        ],
        ("gd", "resource", "resources"): [
            _in_use("msisdn", NUMBER, "in-use"),
            _in_use("sim", CARD, "bound"),
        ],
        ("gd", "resource", "profiles"): [
            {"imsi": PROFILE, "state": "in-use", "held_by": None, "number": NUMBER, "work_order": "gd-0"}
        ],
        ("gd", "customer", "accounts"): [{"id": ACCOUNT, "state": "active", "work_order": "gd-0"}],
        ("hq", "hq_router", "forwards"): [
            {
                "origin": "bj",
                "origin_transaction": "bj-1",
                "home": "gd",
                "state": "ended",
                "outcome": "completed",
                "accounting_day": DAY,
            }
        ],
        ("hq", "hq_router", "bills"): [
            {"collected_by": "bj", "home": "gd", "payment": PAID, "work_order": "bj-1"}
            | {"kind": "payment", "amount": Decimal("30.00")}
        ],
    }
    found.journals = {
        ("accounting", "tasks"): [
            _task("gd-0", OPENED, "post-payment"),
            _task("gd-1", PAID, "post-payment"),
        ],
        ("accounting", "postings"): [_posting("prepayment", OPENED, 10000), _posting("payment", PAID, 3000)],
        ("accounting", "accounts"): [{"node": "gd", "account": ACCOUNT, "balance_fen": 13000}],
        ("billing", "tasks"): [_task("gd-0", OPENED, "start-billing")],
        ("billing", "billed"): [
            {"node": "gd", "subscription": "subscription", "number": NUMBER, "account": ACCOUNT}
            | {"offerings": f'["{PLAN}"]'}
        ],
        ("provisioning", "tasks"): [_task("gd-0", OPENED, "activate-subscriber")],
        ("provisioning", "subscribers"): [
            {"node": "gd", "number": NUMBER, "imsi": PROFILE, "services": "[]"}
        ],
        ("provisioning", "barrings"): [],
    }
    found.events = {"gd": {OPENED: {"id": OPENED, "version": 2, "state": "completed"}}}
    return found


def _history() -> list[Row]:
    money = {"status": 201, "business": "counter", "body": {}}
    opening = {"category": "open-account", "productOrderItem": [_item()]}
    return [
        money | {"key": "of bound", "node": "gd", "id": "bound", "amount": 100.0},
        money | {"key": "of left", "node": "gd", "id": "left", "amount": 10.0},
        {"key": "of order", "node": "gd", "business": "open-account", "status": 201, "id": OPENED}
        | {"body": opening, "number": NUMBER},
        {"key": "of payment", "node": "bj", "business": "pay", "status": 201, "id": PAID}
        | {"body": {}, "number": NUMBER, "amount": 30.0},
    ]


def _item() -> Row:
    characteristics = [{"name": "msisdn", "value": NUMBER}, {"name": "iccid", "value": CARD}]
    return {
        "id": "1",
        "productOffering": {"id": PLAN},
        "product": {"productCharacteristic": characteristics},
    }


def _order() -> Row:
    document = {
        "state": "completed",
        "category": "open-account",
        "productOrderItem": [_item() | {"state": "completed"}],
        "orderDate": NOON.isoformat(),
    }
    return {"id": OPENED, "key": "of order", "category": "open-account", "state": "completed"} | {
        "number": NUMBER,
        "document": document,
    }


def _payment(id_: str, account: str, amount: str, status: str) -> Row:
    return {
        "id": id_,
        "key": f"of {id_}",
        "account": account,
        "number": None if account == "counter" else NUMBER,
        "amount": Decimal(amount),
        "refunded": Decimal(0),
        "status": status,
    }


def _opening() -> Row:
    money: dict[str, Any] = {"fees": [], "collected": "100.00", "remainder": "100.00", "shortfall": []}
    steps = ("start-billing", "post-payment", "activate-subscriber")
    return _work("gd-0", OPENED, "open-account", "whole", "gd", "gd-0", steps) | {
        "content": {"number": NUMBER, "iccid": CARD, "money": money}
    }


def _paying(part: str, id_: str) -> Row:
    steps = ("post-payment",) if part == "home" else ()
    return _work(id_, PAID, "pay", part, "bj", "bj-1", steps) | {"content": {"amount": "30.00"}}


def _work(
    id_: str, order: str, business: str, part: str, origin: str, transaction: str, steps: tuple[str, ...]
) -> Row:
    return {
        "id": id_,
        "order_id": order,
        "business": business,
        "part": part,
        "origin": origin,
        "origin_transaction": transaction,
        "home": "gd",
        "number": NUMBER,
        "state": "completed",
        "attention": False,
        "accounting_day": DAY,
        "steps": [{"name": name, "state": "done", "executor": "production"} for name in steps],
        "created": NOON,
        "updated": NOON + timedelta(seconds=2),
    }


def _in_use(category: str, value: str, state: str) -> Row:
    return {
        "category": category,
        "value": value,
        "state": state,
        "reservation": None,
        "work_order": "gd-0",
        "held_by": None,
        "bound_to": "subscription",
    }


def _task(work_order: str, order: str, name: str, direction: str = "do") -> Row:
    does = f"{work_order}/{name}/do"
    return {
        "task_id": f"{work_order}/{name}/{direction}",
        "does": does,
        "direction": direction,
        "name": name,
        "node": "gd",
        "work_order": work_order,
        "order": order,
        "business": "pay" if order == PAID else "open-account",
        "outcome": "done",
        "effect": 1,
    }


def _posting(kind: str, reference: str, amount: int) -> Row:
    return {
        "task_id": f"of {reference}",
        "does": f"of {reference}",
        "node": "gd",
        "account": ACCOUNT,
        "kind": kind,
        "reference": reference,
        "amount_fen": amount,
    }
