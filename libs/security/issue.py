"""Signing tokens: for the service that issues them, and for tests."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from libs.ids import new_id
from libs.security.actor import Actor
from libs.security.tokens import LONGEST_LIFE


def issue(
    keys: Sequence[ECKey],
    actor: Actor,
    *,
    audience: str,
    now: datetime,
    lifetime: timedelta = LONGEST_LIFE,
    client_id: str | None = None,
) -> str:
    """A token for this actor, valid at the node `audience`, signed with the first key.

    `client_id` is the program that asked on a person's behalf; where the actor is a program, its own id is
    told. Raises ValueError for a lifetime that no node would accept.
    """
    if not timedelta() < lifetime <= LONGEST_LIFE:
        raise ValueError(f"a token lives at most {LONGEST_LIFE}")
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": actor.issuer,
        "aud": audience,
        "sub": actor.subject,
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "jti": new_id(),
        "roles": sorted(actor.roles),
        "node": actor.node,
        "channel": actor.channel,
        "hall": actor.hall,
        "dealer": actor.dealer,
        "area": actor.area,
        "name": actor.name,
        "client_id": actor.subject if actor.client else client_id,
        "area_bound": actor.area_bound or None,
    }
    return sign(keys[0], {name: value for name, value in claims.items() if value is not None})


def sign(key: ECKey, claims: Mapping[str, Any]) -> str:
    """These claims as they are, as a compact JWS with ES256."""
    return jwt.encode({"alg": "ES256", "kid": key.kid}, dict(claims), key, ["ES256"], default_type="at+jwt")
