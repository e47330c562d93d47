"""What a broker is asked about users and their rights, in the words of its protocol.

aiokafka brings the requests for rights; the one for a user's password (KIP-554) is written out here.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from deploy.mirror.rules import Right

_SHA512 = 2
_ITERATIONS = 8192
_ALLOW = 3
_ANY = 1
_NO_CREDENTIAL = 91


class _AlterScramResponse(Response):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScramStruct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _AlterScramResponse
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScram(Request[_AlterScramStruct]):  # type: ignore[misc]
    API_KEY = 51

    def __init__(self, deletions: Sequence[tuple[Any, ...]], upsertions: Sequence[tuple[Any, ...]]) -> None:
        self._deletions = list(deletions)
        self._upsertions = list(upsertions)

    def build(self, request_struct_class: type[_AlterScramStruct]) -> _AlterScramStruct:
        return request_struct_class(self._deletions, self._upsertions, {})


async def set_password(admin: AIOKafkaAdminClient, user: str, password: str) -> None:
    """Let this user sign in by SCRAM-SHA-512 with this password, and no other. Raises KafkaError."""
    salt = secrets.token_bytes(24)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    answer = await admin._send_to_controller(
        _AlterScram([], [(user, _SHA512, _ITERATIONS, salt, salted, {})])
    )
    _check(answer)


async def forget_user(admin: AIOKafkaAdminClient, user: str) -> None:
    """Let this user not sign in any more; one who could not is no mistake. Raises KafkaError."""
    answer = await admin._send_to_controller(_AlterScram([(user, _SHA512, {})], []))
    _check(answer, _NO_CREDENTIAL)


async def grant(admin: AIOKafkaAdminClient, user: str, rights: Sequence[Right]) -> None:
    """Give a user these rights; those that he has already stay. Raises KafkaError."""
    for right in rights:
        request = CreateAclsRequest(
            right.kind, right.name, right.pattern, f"User:{user}", "*", right.operation, _ALLOW
        )
        answer = await admin._send_to_controller(request)
        for code, message in answer.creation_responses:
            if code:
                raise for_code(code)(message)


async def revoke_all(admin: AIOKafkaAdminClient, user: str) -> None:
    """Take from a user whatever he was given. Raises KafkaError."""
    request = DeleteAclsRequest(_ANY, None, _ANY, f"User:{user}", None, _ANY, _ANY)
    answer = await admin._send_to_controller(request)
    for code, message, _ in answer.filter_responses:
        if code:
            raise for_code(code)(message)


def _check(answer: Any, *harmless: int) -> None:
    for _, code, message, _ in answer.results:
        if code and code not in harmless:
            raise for_code(code)(message)
