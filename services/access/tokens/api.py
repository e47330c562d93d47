"""`POST /oauth2/token` (RFC 6749) and the published keys."""

import re
from dataclasses import replace

from libs.security.actor import Actor
from libs.security.issue import issue
from libs.security.tokens import LONGEST_LIFE
from libs.telemetry.logs import logger
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.routes import KIB, PUBLIC, Routes
from libs.web.texts import Language
from services.access import errors
from services.access.operators.passwords import Overloaded
from services.access.operators.rules import CLIENT_CREDENTIALS, PASSWORD, Client
from services.access.tokens.desk import Desk, TooManyAttempts
from services.access.tokens.rules import (
    NotGranted,
    client_credentials,
    roles_for_audience,
    roles_for_scope,
)
from services.access.tokens.shapes import KeySet, TokenAnswer, TokenRefusal, TokenRequest

_LOG = logger("access.tokens")
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="unicrm", charset="UTF-8"'}
_CODES = {
    code.name: code
    for code in (
        errors.INVALID_REQUEST,
        errors.INVALID_CLIENT,
        errors.INVALID_GRANT,
        errors.UNAUTHORIZED_CLIENT,
        errors.UNSUPPORTED_GRANT_TYPE,
        errors.INVALID_SCOPE,
        errors.INVALID_TARGET,
        errors.SLOW_DOWN,
    )
}

_OUR_FAULT = {503: "temporarily-unavailable"}

routes = Routes(tag="Tokens")


def as_rfc6749(refusal: Refusal, language: Language) -> Answer:
    """A refusal in the shape of RFC 6749, 5.2: its error words, and a description in plain ASCII, so in English."""
    reason = refusal.reasons[0]
    if reason.code.name in _CODES:
        error = reason.code.name
    elif refusal.status == 429:
        error = "slow-down"
    else:
        error = "invalid-request" if refusal.status < 500 else _OUR_FAULT.get(refusal.status, "server-error")
    text = f"{reason.path}: {reason.text('en')}" if reason.path else reason.text("en")
    body = {
        "error": error.replace("-", "_"),
        "error_description": re.sub(r'[^\x20-\x7e]|["\\]', " ", text),
    }
    return Answer(refusal.status, body, headers={**refusal.headers, **_NO_STORE})


@routes.post(
    "/oauth2/token",
    allow=PUBLIC,
    body=TokenRequest,
    accepts_form=True,
    answer=TokenAnswer,
    errors=_CODES.values(),
    shown_as=as_rfc6749,
    refusal=TokenRefusal,
    max_body=8 * KIB,
    idempotent=False,
    summary="A token for a password or a client's secret",
)
async def give_token(call: Call[TokenRequest]) -> Answer:
    """A token of fifteen minutes for this node, as RFC 6749 has it: grant type `password` or `client_credentials`.

    A client authenticates by Basic or in the form. Errors are those of RFC 6749, 5.2, `invalid_target` of RFC 8707
    for an `audience` that is no node of the asker's, and 429 `slow_down` after five failures in fifteen minutes.
    """
    form = call.body
    settings = call.runtime.settings
    try:
        actor, client = await _who(call)
        audience = form.audience or settings.node
        roles = roles_for_scope(roles_for_audience(actor, audience), form.scope)
    except NotGranted as refused:
        _LOG.info("token refused", error=refused.error, grant=form.grant_type)
        headers = _CHALLENGE if refused.error == "invalid-client" else {}
        raise Refusal(Reason(_CODES[refused.error], detail=refused.detail), headers=headers) from None
    except TooManyAttempts as refused:
        _LOG.warning("token refused", error="slow-down", grant=form.grant_type)
        raise _slow_down(refused.seconds) from None
    except Overloaded:
        raise _slow_down(1) from None
    token = issue(
        call.runtime.keys.signing,
        replace(actor, roles=roles),
        audience=audience,
        now=call.now,
        client_id=client.id if client else None,
    )
    _LOG.info("token given", subject=actor.subject, audience=audience)
    answer = TokenAnswer(
        access_token=token,
        token_type="Bearer",
        expires_in=int(LONGEST_LIFE.total_seconds()),
        scope=" ".join(sorted(roles)),
    )
    return Answer(200, answer, headers=_NO_STORE)


async def _who(call: Call[TokenRequest]) -> tuple[Actor, Client | None]:
    """Whom the token will speak for, and the client that asks. Raises NotGranted, TooManyAttempts, Overloaded."""
    form = call.body
    desk: Desk = call.runtime.state
    settings = call.runtime.settings
    if form.grant_type is None:
        raise NotGranted("invalid-request", "grant_type is missing")
    if form.grant_type not in (PASSWORD, CLIENT_CREDENTIALS):
        raise NotGranted("unsupported-grant-type")
    credentials = client_credentials(call.headers.get("authorization"), form.client_id, form.client_secret)
    if form.grant_type == CLIENT_CREDENTIALS and credentials is None:
        raise NotGranted("invalid-client")
    client = None
    if credentials is not None:
        client = await desk.client(call.runtime.db, credentials, call.now)
        if form.grant_type not in client.grants:
            raise NotGranted("unauthorized-client")
    if form.grant_type == CLIENT_CREDENTIALS:
        assert client is not None
        return client.actor(settings.issuer, settings.node), client
    if form.username is None or form.password is None:
        raise NotGranted("invalid-request", "username and password are needed")
    person = await desk.operator(call.runtime.db, form.username, form.password, call.now)
    return person.actor(settings.issuer, settings.node), client


@routes.get("/.well-known/jwks.json", allow=PUBLIC, answer=KeySet, summary="The keys that verify tokens")
async def published_keys(call: Call[None]) -> Answer:
    """The public halves of all keys whose tokens may still be alive (RFC 7517)."""
    return Answer(200, call.runtime.keys.published(), headers={"Cache-Control": "public, max-age=300"})


def _slow_down(seconds: int) -> Refusal:
    return Refusal(Reason(errors.SLOW_DOWN, seconds=seconds), headers={"Retry-After": str(seconds)})
