"""What this service may refuse, besides what every service may. Texts: `texts/`."""

from libs.web.errors import Code

# 400: what was sent names something that is not there, or cannot be
RESOURCE_UNKNOWN = Code("resource-unknown", 400)
PATTERN_INVALID = Code("pattern-invalid", 400)
ICCID_INVALID = Code("iccid-invalid", 400)
IMSI_INVALID = Code("imsi-invalid", 400)
KI_INVALID = Code("ki-invalid", 400)
SEGMENT_INVALID = Code("segment-invalid", 400)
AREA_NOT_HERE = Code("area-not-here", 400)
CARD_NOT_PERSONALISED = Code("card-not-personalised", 400)
CHARACTERISTIC_MISSING = Code("characteristic-missing", 400)
CATEGORY_UNKNOWN = Code("category-unknown", 400)
WRITER_KEY_INVALID = Code("writer-key-invalid", 400)

# 403: whose right ends at an area
NOT_YOURS = Code("not-yours", 403)

# 409: rule, state, stock
NUMBER_NOT_AVAILABLE = Code("number-not-available", 409)
CARD_NOT_AVAILABLE = Code("card-not-available", 409)
BY_ORDER_ONLY = Code("by-order-only", 409)
NOT_CHANGEABLE = Code("not-changeable", 409)
RESOURCE_IN_USE = Code("resource-in-use", 409)
RESOURCE_KNOWN = Code("resource-known", 409)
SECOND_PERSON_NEEDED = Code("second-person-needed", 409)
LOAD_APPROVED = Code("load-approved", 409)
CARD_ALREADY_WRITTEN = Code("card-already-written", 409)

# Reasons of task results: an order carries them in its failure.
NETWORK_MISMATCH = Code("network-mismatch", 409)
CARD_KIND_NOT_ALLOWED = Code("card-kind-not-allowed", 409)
PROFILE_NOT_AVAILABLE = Code("profile-not-available", 409)
NOT_HELD_BY_ORDER = Code("not-held-by-order", 409)
UNDONE_BEFORE = Code("undone-before", 409)
TASK_FAILED = Code("task-failed", 409)
