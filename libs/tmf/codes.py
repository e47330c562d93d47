"""What TM Forum's way of asking and changing adds to the codes of any endpoint."""

from libs.web.errors import Code

# 400: what is asked for
UNKNOWN_FILTER = Code("unknown-filter", 400)
INVALID_FILTER = Code("invalid-filter", 400)
FILTER_TOO_COSTLY = Code("filter-too-costly", 400)
TOO_MANY_FILTERS = Code("too-many-filters", 400)
UNKNOWN_SORT = Code("unknown-sort", 400)

# 400: what is sent
UNKNOWN_ATTRIBUTE = Code("unknown-attribute", 400)
READ_ONLY = Code("read-only", 400)
TOO_LONG = Code("too-long", 400)

PATCH_INVALID = Code("patch-invalid", 400)
PATCH_READS_PERSONAL = Code("patch-reads-personal", 400)
CALLBACK_INVALID = Code("callback-invalid", 400)
CALLBACK_NOT_ALLOWED = Code("callback-not-allowed", 400)

# 409: what stands against it
ALREADY_EXISTS = Code("already-exists", 409)
PATCH_TEST_FAILED = Code("patch-test-failed", 409)
TOO_MANY_SUBSCRIPTIONS = Code("too-many-subscriptions", 409)
NOTIFICATION_NOT_DEAD = Code("notification-not-dead", 409)
SUBSCRIPTION_ENDED = Code("subscription-ended", 409)

SENT = (UNKNOWN_ATTRIBUTE, TOO_LONG)
"""What a body that is a `TmfModel` may be refused with beside what every body may."""

ASKING = (
    UNKNOWN_FILTER,
    INVALID_FILTER,
    FILTER_TOO_COSTLY,
    TOO_MANY_FILTERS,
    UNKNOWN_SORT,
    UNKNOWN_ATTRIBUTE,
)
"""What a list may answer beside what every endpoint may."""
