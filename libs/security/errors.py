"""What goes wrong with identity. `libs.web` answers these: 401, 503, 403 and 400."""


class Unauthenticated(Exception):
    """The token is worth nothing here: 401. `code` is `token-invalid` or `token-expired`; the text is for the
    log."""

    def __init__(self, code: str = "token-invalid", why: str = "") -> None:
        super().__init__(why or code)
        self.code = code


class IssuerUnreachable(Exception):
    """The issuer's keys cannot be fetched: 503. Nobody's fault at the counter, and worth trying again."""

    code = "issuer-unreachable"

    def __init__(self, issuer: str) -> None:
        super().__init__(f"cannot fetch the keys of {issuer}")
        self.issuer = issuer


class PurposeUnknown(Exception):
    """`?purpose=` names no purpose that we know: 400."""

    code = "purpose-unknown"


class PurposeRefused(Exception):
    """The actor's roles may not see personal data for this purpose: 403."""

    code = "purpose-not-permitted"


class KeyMissing(Exception):
    """Something was sealed, encrypted or digested with a key that this node does not hold."""

    def __init__(self, kid: str) -> None:
        super().__init__(f"no key {kid!r}")
        self.kid = kid


class Undecipherable(Exception):
    """What was sealed or encrypted has been changed on the way, or was never ours."""
