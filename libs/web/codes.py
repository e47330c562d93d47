"""The codes that any endpoint may answer. A service declares its own in `services/<name>/errors.py`."""

from libs.web.errors import Code

# 400: what was sent cannot be understood
MALFORMED = Code("malformed", 400)
MISSING = Code("missing", 400)
INVALID = Code("invalid", 400)
UNKNOWN_FIELD = Code("unknown-field", 400)
TOO_MANY = Code("too-many", 400)
UNKNOWN_PARAMETER = Code("unknown-parameter", 400)
REPEATED_PARAMETER = Code("repeated-parameter", 400)
PAGE_TOO_LARGE = Code("page-too-large", 400)
IDEMPOTENCY_KEY_INVALID = Code("idempotency-key-invalid", 400)
PURPOSE_UNKNOWN = Code("purpose-unknown", 400)

# 401, 403: who is asking
UNAUTHENTICATED = Code("unauthenticated", 401)
TOKEN_INVALID = Code("token-invalid", 401)
TOKEN_EXPIRED = Code("token-expired", 401)
TOKENS = {code.name: code for code in (TOKEN_INVALID, TOKEN_EXPIRED)}
"""By the word that `libs.security.errors.Unauthenticated` carries."""
FORBIDDEN = Code("forbidden", 403)
PURPOSE_NOT_PERMITTED = Code("purpose-not-permitted", 403)

# 404, 405: what is asked for
NOT_FOUND = Code("not-found", 404)
NO_SUCH_PATH = Code("no-such-path", 404)
METHOD_NOT_ALLOWED = Code("method-not-allowed", 405)

# 409: what stands against it
IDEMPOTENCY_KEY_REUSED = Code("idempotency-key-reused", 409)
REQUEST_IN_PROGRESS = Code("request-in-progress", 409)
EDITED_MEANWHILE = Code("edited-meanwhile", 409)
RECORD_BUSY = Code("record-busy", 409)

# 413, 415, 429: how it was sent
BODY_TOO_LARGE = Code("body-too-large", 413)
MEDIA_TYPE_NOT_SUPPORTED = Code("media-type-not-supported", 415)
TOO_MANY_REQUESTS = Code("too-many-requests", 429)

# 500, 503: our own failures
INTERNAL_ERROR = Code("internal-error", 500)
TEMPORARILY_UNAVAILABLE = Code("temporarily-unavailable", 503)
TOOK_TOO_LONG = Code("took-too-long", 503)
ISSUER_UNREACHABLE = Code("issuer-unreachable", 503)
