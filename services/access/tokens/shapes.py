"""The bodies of the token endpoint, as RFC 6749 writes them."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _sent(value: Any) -> Any:
    # RFC 6749, 3.2: a parameter without a value is as if it had not been sent.
    return None if value == "" else value


# No character of a name or a secret is NUL: PostgreSQL keeps none.
Name: TypeAlias = Annotated[
    Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00]*$")] | None, BeforeValidator(_sent)
]
Secret: TypeAlias = Annotated[
    Annotated[str, StringConstraints(max_length=1024)] | None, BeforeValidator(_sent)
]


class TokenRequest(BaseModel):
    """A form. `username` and `password` for the grant `password`; the client's own by Basic or in the form;
    `scope` (roles, separated by spaces) narrows; `audience` is another node, for headquarters' people."""

    # RFC 6749, 3.2: parameters that are not understood are ignored.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    grant_type: Name = None
    username: Name = None
    password: Secret = None
    client_id: Name = None
    client_secret: Secret = None
    scope: Secret = None
    audience: Name = None


class TokenAnswer(BaseModel):
    """A bearer token, for how many seconds, and with which roles."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class TokenRefusal(BaseModel):
    """Why there is no token: an error word of RFC 6749, 5.2, and what it means here, in plain ASCII."""

    error: str
    error_description: str


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]
