"""The codes of customer."""

from libs.web.errors import Code

# Identity documents
IDENTITY_NUMBER_INVALID = Code("identity-number-invalid", 400)
IDENTIFICATION_TYPE_NOT_ALLOWED = Code("identification-type-not-allowed", 400)
IDENTITY_REPEATED = Code("identity-repeated", 400)
BIRTH_DATE_DIFFERS = Code("birth-date-differs", 400)
IDENTITY_ALREADY_REGISTERED = Code("identity-already-registered", 409)

# Personal data
CONTACT_INVALID = Code("contact-invalid", 400)
NOT_FILTERABLE = Code("not-filterable", 400)
PURPOSE_REQUIRED = Code("purpose-required", 403)

# References
PARTY_UNKNOWN = Code("party-unknown", 400)
AGENT_UNKNOWN = Code("agent-unknown", 400)
CUSTOMER_UNKNOWN = Code("customer-unknown", 400)
PAYER_REQUIRED = Code("payer-required", 400)
AREA_NOT_HERE = Code("area-not-here", 400)
NOT_YOURS = Code("not-yours", 403)

# States
STATUS_NOT_REACHABLE = Code("status-not-reachable", 409)
CUSTOMER_CLOSED = Code("customer-closed", 409)
CUSTOMER_HAS_ACCOUNTS = Code("customer-has-accounts", 409)
BY_ORDER_ONLY = Code("by-order-only", 409)
NOT_DELETABLE = Code("not-deletable", 409)
ALREADY_LISTED = Code("already-listed", 409)
NATIONAL_RECORD = Code("national-record", 409)

# Of tasks alone: they travel in results, never over HTTP
CUSTOMER_BLACKLISTED = "customer-blacklisted"
CUSTOMER_NOT_ACTIVE = "customer-not-active"
ACCOUNT_TAKEN = "account-taken"
ACCOUNT_CLOSED = "account-closed"
CUSTOMER_TAKEN = "customer-taken"
TASK_INVALID = "task-invalid"
TASK_UNKNOWN = "task-unknown"
TASK_DEAD_LETTERED = "task-dead-lettered"
UNDONE_BEFORE = "undone-before"
