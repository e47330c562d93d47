"""The codes of the product service, beside those that every endpoint may answer."""

from libs.web.errors import Code

# 400: what a body refers to, or says of itself
SPECIFICATION_UNKNOWN = Code("specification-unknown", 400)
CATEGORY_UNKNOWN = Code("category-unknown", 400)
PRICE_UNKNOWN = Code("price-unknown", 400)
OFFERING_UNKNOWN = Code("offering-unknown", 400)
REFERS_TO_ITSELF = Code("refers-to-itself", 400)
CATEGORY_KINDS_DIFFER = Code("category-kinds-differ", 400)
BUSINESS_UNKNOWN = Code("business-unknown", 400)
NETWORK_UNKNOWN = Code("network-unknown", 400)
CLOSES_A_CIRCLE = Code("closes-a-circle", 400)
NOT_A_PLAN = Code("not-a-plan", 400)
NOT_INITIAL = Code("lifecycle-not-initial", 400)
FILE_UNKNOWN = Code("file-unknown", 400)
FILE_EMPTY = Code("file-empty", 400)
PATH_UNKNOWN = Code("path-unknown", 400)
TYPE_UNKNOWN = Code("type-unknown", 400)
TOO_MANY_LINES = Code("too-many-lines", 413)

# 403: a role that writes the catalogue, though not here
NOT_YOURS = Code("not-yours", 403)

# 409: what stands against it
LIFECYCLE_NOT_ALLOWED = Code("lifecycle-not-allowed", 409)
INCOMPLETE = Code("not-complete", 409)
NATIONAL_RECORD = Code("national-record", 409)
OUTSIDE_BOUNDS = Code("outside-bounds", 409)
FEE_ALREADY_OFFERED = Code("fee-already-offered", 409)
STILL_REFERENCED = Code("still-referenced", 409)
DELETION_NOT_ALLOWED = Code("deletion-not-allowed", 409)
KIND_FIXED = Code("kind-fixed", 409)
CATEGORY_FILLED = Code("category-filled", 409)
JOB_RUNNING = Code("job-running", 409)
TOO_MANY_JOBS = Code("too-many-jobs", 409)
TOO_MANY_FILES = Code("too-many-files", 409)

ANY_RECORD = (
    NOT_YOURS,
    NOT_INITIAL,
    LIFECYCLE_NOT_ALLOWED,
    INCOMPLETE,
    NATIONAL_RECORD,
    STILL_REFERENCED,
    DELETION_NOT_ALLOWED,
)
"""What a write of any record of the catalogue may be refused with."""
