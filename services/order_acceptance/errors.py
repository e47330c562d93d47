"""The codes that order acceptance answers, at the door or later in an order's `failure`."""

from collections.abc import Mapping
from pathlib import Path

from libs.web import texts
from libs.web.errors import Code

_TEXTS = Path(__file__).parent / "texts"

# 400: the order says something that cannot be understood
BUSINESS_NOT_RECOGNISED = Code("business-not-recognised", 400)
BUSINESS_MIXED = Code("business-mixed", 400)
CHARACTERISTIC_MISSING = Code("characteristic-missing", 400)
CHARACTERISTIC_INVALID = Code("characteristic-invalid", 400)
ITEM_NOT_FITTING = Code("item-not-fitting", 400)
OFFERING_UNKNOWN = Code("offering-unknown", 400)
CUSTOMER_REQUIRED = Code("customer-required", 400)
CUSTOMER_UNKNOWN = Code("customer-unknown", 400)
ACCOUNT_UNKNOWN = Code("account-unknown", 400)
PAYMENT_UNKNOWN = Code("payment-unknown", 400)
PRESENTER_REQUIRED = Code("presenter-required", 400)
IDENTITY_CHECK_UNKNOWN = Code("identity-check-unknown", 400)
ACCOUNT_INVALID = Code("account-invalid", 400)
USE_NUMBER = Code("use-number", 400)
NUMBER_REQUIRED = Code("number-required", 400)
PRODUCT_UNKNOWN = Code("product-unknown", 400)
CANNOT_BE_SET = Code("cannot-be-set", 400)
ORDER_UNKNOWN = Code("order-unknown", 400)
PROVINCE_REQUIRED = Code("province-required", 400)
PROVINCE_UNKNOWN = Code("province-unknown", 400)

# 403: the place of the act is the token's
CHANNEL_DIFFERS = Code("channel-differs", 403)
REASON_NOT_YOURS = Code("reason-not-yours", 403)

# 409: it is understood, and may not be done
BUSINESS_NOT_OFFERED = Code("business-not-offered", 409)
HOME_ONLY = Code("home-only", 409)
OFFERING_NOT_SERVED = Code("offering-not-served", 409)
OFFERING_NOT_FOR_CUSTOMER = Code("offering-not-for-customer", 409)
OFFERING_NOT_AVAILABLE = Code("offering-not-available", 409)
OPTION_NOT_FOR_PLAN = Code("option-not-for-plan", 409)
CUSTOMER_NOT_ACTIVE = Code("customer-not-active", 409)
CUSTOMER_BLACKLISTED = Code("customer-blacklisted", 409)
ACCOUNT_NOT_OF_CUSTOMER = Code("account-not-of-customer", 409)
SUBSCRIPTION_NOT_OF_CUSTOMER = Code("subscription-not-of-customer", 409)
IDENTITY_CHECK_EXPIRED = Code("identity-check-expired", 409)
IDENTITY_CHECK_USED = Code("identity-check-used", 409)
IDENTITY_MISMATCH = Code("identity-mismatch", 409)
NUMBER_IN_USE = Code("number-in-use", 409)
PAYMENT_NOT_BINDABLE = Code("payment-not-bindable", 409)
PAYMENT_ALREADY_USED = Code("payment-already-used", 409)
PAYMENT_IN_USE = Code("payment-in-use", 409)
PAYMENT_UNDER_WAY = Code("payment-under-way", 409)
PAYMENT_POSTED = Code("payment-posted", 409)
REFUND_EXCEEDS = Code("refund-exceeds", 409)
BY_ORDER_ONLY = Code("by-order-only", 409)
NOT_DELETABLE = Code("not-deletable", 409)
PRICE_CHANGED = Code("price-changed", 409)
OFFERING_NOT_SOLD_HERE = Code("offering-not-sold-here", 409)
DEADLINE_PASSED = Code("deadline-passed", 409)
TASK_DEAD_LETTERED = Code("task-dead-lettered", 409)
NOT_MINE = Code("not-mine", 409)
SUBSCRIPTION_BUSY = Code("subscription-busy", 409)
SUBSCRIPTION_TERMINATED = Code("subscription-terminated", 409)
NOTHING_TO_RETRY = Code("nothing-to-retry", 409)
TOO_LATE_TO_CANCEL = Code("too-late-to-cancel", 409)
CANCEL_UNDER_WAY = Code("cancel-under-way", 409)
GROUP_REQUIRED = Code("group-required", 409)
CUSTOMER_REDLISTED = Code("customer-redlisted", 409)
ALREADY_SUSPENDED = Code("already-suspended", 409)
NOT_SUSPENDED = Code("not-suspended", 409)
PLAN_UNCHANGED = Code("plan-unchanged", 409)
NETWORK_MISMATCH = Code("network-mismatch", 409)
OPTION_ALREADY_THERE = Code("option-already-there", 409)
OPTION_NOT_THERE = Code("option-not-there", 409)
BALANCE_OWED = Code("balance-owed", 409)
FORMER_ORDER_NOT_FITTING = Code("former-order-not-fitting", 409)
CARD_ALREADY_WRITTEN = Code("card-already-written", 409)
CARD_ALREADY_REPLACED = Code("card-already-replaced", 409)

# Of a number that is looked at; later also in an order's failure
NUMBER_UNKNOWN = Code("number-unknown", 404)
NUMBER_NOT_OURS = Code("number-not-ours", 404)
HOME_NOT_ANSWERING = Code("home-not-answering", 409)

# What only comes later, in an order's failure: from executors, the router, or the clock
LATER = tuple(
    Code(name, 409)
    for name in (
        "account-unknown-in-accounting",
        "accounting-day-closed",
        "accounting-refused",
        "already-billed",
        "attempt-superseded",
        "billing-refused",
        "cancelled-on-request",
        "card-kind-not-allowed",
        "card-not-available",
        "digest-differs",
        "customer-taken",
        "failed-by-operator",
        "group-aborted",
        "imsi-differs",
        "not-billed",
        "number-not-available",
        "profile-not-available",
        "provisioning-failed",
        "reservation-not-valid",
        "route-unknown",
        "switched-off",
        "task-malformed",
        "task-unanswered",
        "undone-before",
        "account-closed",
        "account-taken",
        "not-held-by-order",
        "task-failed",
        "task-invalid",
        "task-unknown",
        "version-unknown",
    )
)


def text_of(code: str, parameters: Mapping[str, object], language: texts.Language = "en") -> str:
    """What a code says, for an order's `failure` in English; the code itself where it is another service's own."""
    return texts.text(_TEXTS, code, language, parameters) or code
