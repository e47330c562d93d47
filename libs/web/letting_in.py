"""From bytes to a Call: who asks, may they, and is what they sent valid; in this order."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
from starlette.types import Receive, Scope

from libs.security.actor import Actor
from libs.security.errors import IssuerUnreachable, PurposeRefused, PurposeUnknown, Unauthenticated
from libs.security.roles import Roles
from libs.web import codes
from libs.web.body import parse_form, parse_json, read_body
from libs.web.call import Answer, Call
from libs.web.claims import ABOUT_THE_KEY, PRIMARY_KEY, AlreadyAnswered, answer_again, claim_of, find
from libs.web.errors import Reason, Refusal
from libs.web.routes import Endpoint
from libs.web.runtime import Runtime
from libs.web.texts import Language
from libs.web.twins import in_progress


async def serve(
    endpoint: Endpoint,
    runtime: Runtime,
    scope: Scope,
    receive: Receive,
    *,
    places: Mapping[str, str],
    headers: Mapping[bytes, bytes],
    language: Language,
    request_id: str,
) -> Answer:
    """Let the request in and have it done.

    Raises Refusal for whatever is wrong with it; nothing of the body is read before the caller is known and permitted.
    """
    actor = await admit(endpoint, runtime, headers)
    query_string: bytes = scope["query_string"]
    _check_query(endpoint, query_string)
    raw = await read_body(headers, receive, endpoint.max_body) if endpoint.takes_body else b""
    now = runtime.clock.now()
    claim = None
    if endpoint.idempotent and actor is not None and (key := headers.get(b"idempotency-key")) is not None:
        claim = claim_of(
            key,
            actor,
            method=endpoint.method,
            path=scope["path"],
            raw=raw,
            now=now,
            personal=endpoint.personal,
        )
    try:
        call = Call(
            runtime,
            method=endpoint.method,
            route=endpoint.path,
            path=places,
            body=_parse(endpoint, raw, headers),
            raw=raw,
            actor=actor,
            language=language,
            now=now,
            request_id=request_id,
            request_path=scope["path"],
            query_string=query_string,
            raw_headers=scope["headers"],
            idempotency=claim,
        )
        return await endpoint.handler(call)
    except AlreadyAnswered as before:
        return before.answer
    except asyncpg.UniqueViolationError as clash:
        if claim is None or clash.constraint_name != PRIMARY_KEY:
            raise
        if (first := await find(runtime.db, claim)) is None:
            raise in_progress() from None
        return answer_again(runtime.cipher, claim, first)
    except asyncpg.LockNotAvailableError:
        raise Refusal(Reason(codes.RECORD_BUSY), headers={"Retry-After": "1"}) from None
    except Refusal as refusal:
        if claim is None or refusal.reasons[0].code in ABOUT_THE_KEY:
            raise
        # What the first of two equal requests did may be the very reason to refuse the second.
        if (first := await find(runtime.db, claim)) is None:
            raise
        return answer_again(runtime.cipher, claim, first)
    except PurposeUnknown:
        raise Refusal(Reason(codes.PURPOSE_UNKNOWN, path="purpose")) from None
    except PurposeRefused:
        raise Refusal(Reason(codes.PURPOSE_NOT_PERMITTED, path="purpose")) from None


async def admit(endpoint: Endpoint, runtime: Runtime, headers: Mapping[bytes, bytes]) -> Actor | None:
    """The caller, known and permitted; None at a public endpoint. Raises Refusal 401, 403, or 503."""
    allow = endpoint.allow
    if not isinstance(allow, Roles):
        return None
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise Refusal(Reason(codes.UNAUTHENTICATED), headers={"WWW-Authenticate": "Bearer"})
    try:
        actor = await runtime.verifier.verify(token.decode("latin-1").strip())
    except Unauthenticated as error:
        code = codes.TOKENS.get(error.code, codes.UNAUTHENTICATED)
        challenge = f'Bearer error="invalid_token", error_description="{code.name}"'
        raise Refusal(Reason(code), headers={"WWW-Authenticate": challenge}) from None
    except IssuerUnreachable:
        raise Refusal(Reason(codes.ISSUER_UNREACHABLE), headers={"Retry-After": "5"}) from None
    if not allow.admit(actor.roles):
        raise Refusal(Reason(codes.FORBIDDEN))
    return actor


def _check_query(endpoint: Endpoint, query_string: bytes) -> None:
    known = endpoint.parameters
    if not query_string:
        if endpoint.required_parameters:
            raise Refusal(*(Reason(codes.MISSING, path=name) for name in endpoint.required_parameters))
        return
    if b"%00" in query_string or b"\x00" in query_string:
        raise Refusal(Reason(codes.MALFORMED, detail="%00"))
    if known is None:
        return
    given = Counter(name for name, _ in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
    reasons = [Reason(codes.UNKNOWN_PARAMETER, path=name, name=name) for name in given if name not in known]
    reasons += [
        Reason(codes.REPEATED_PARAMETER, path=name, name=name)
        for name, times in given.items()
        if times > 1 and name in known
    ]
    reasons += [
        Reason(codes.MISSING, path=name) for name in endpoint.required_parameters if name not in given
    ]
    if reasons:
        raise Refusal(*reasons)


def _parse(endpoint: Endpoint, raw: bytes, headers: Mapping[bytes, bytes]) -> Any:
    if endpoint.adapter is None:
        return None
    parse = parse_form if endpoint.accepts_form else parse_json
    return parse(endpoint.adapter, raw, headers.get(b"content-type", b"").decode("latin-1"))
