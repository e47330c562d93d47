"""The codes of access. At the token endpoint they are shown as RFC 6749 (5.2) and RFC 8707 name them."""

from libs.web.errors import Code

INVALID_REQUEST = Code("invalid-request", 400)
INVALID_GRANT = Code("invalid-grant", 400)
UNAUTHORIZED_CLIENT = Code("unauthorized-client", 400)
UNSUPPORTED_GRANT_TYPE = Code("unsupported-grant-type", 400)
INVALID_SCOPE = Code("invalid-scope", 400)
INVALID_TARGET = Code("invalid-target", 400)
INVALID_CLIENT = Code("invalid-client", 401)
SLOW_DOWN = Code("slow-down", 429)
"""Not of RFC 6749, which has no word for it; 429 tells it to who does not know the word."""
