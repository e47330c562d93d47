"""What an Idempotency-Key stands for, and the table that keeps it with the answer it got."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import BOOLEAN, SMALLINT, Column, DateTime, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from libs.database import Connection
from libs.json_text import json_text
from libs.security.actor import Actor
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.runtime import Cipher

KEPT = timedelta(days=7)
LONGEST_KEY = 255
PRIMARY_KEY = "idempotency_keys_pkey"
COLUMNS = {
    "digest": "bytea",
    "body": "bytea",
    "status": "smallint",
    "headers": "jsonb",
    "answer": "text",
    "encrypted": "boolean",
    "created": "timestamptz",
}
ABOUT_THE_KEY = (codes.IDEMPOTENCY_KEY_REUSED, codes.REQUEST_IN_PROGRESS)


def define(metadata: MetaData) -> None:
    """Add the table to a service's schema."""
    Table(
        "idempotency_keys",
        metadata,
        Column("digest", LargeBinary, primary_key=True, comment="issuer, subject, method, path and key"),
        Column("body", LargeBinary, nullable=False, comment="digest of the body's bytes"),
        Column("status", SMALLINT, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("answer", Text, nullable=False),
        Column("encrypted", BOOLEAN, nullable=False),
        Column("created", DateTime(timezone=True), nullable=False),
        Index("idempotency_keys_created", "created"),
    )


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """What one Idempotency-Key of one caller stands for, and the body that came with it (both SHA-256)."""

    digest: bytes
    body: bytes
    created: datetime
    personal: bool

    def blank(self) -> tuple[Any, ...]:
        """The values of COLUMNS before there is an answer; never committed so."""
        return (self.digest, self.body, 0, "{}", "", self.personal, self.created)

    def params(self, cipher: Cipher, answer: Answer) -> tuple[Any, ...]:
        """The values of COLUMNS. Raises ValueError for an answer that is not 2xx: errors are raised, never kept."""
        if not 200 <= answer.status < 300:
            raise ValueError(f"only a success is kept, not {answer.status}")
        text = answer.content.decode()
        return (
            self.digest,
            self.body,
            answer.status,
            json_text({**answer.all_headers(), "Content-Type": answer.media_type}),
            cipher.encrypt(text) if self.personal else text,
            self.personal,
            self.created,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored claim with its answer."""

    body: bytes
    status: int
    headers: dict[str, str]
    answer: str
    encrypted: bool


class AlreadyAnswered(Exception):
    """The request was done before; this is the answer it got. Ends a handler early, without an error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Fetching(Protocol):
    """A Database or a Connection."""

    async def fetchrow(self, query: str, *args: Any) -> Any: ...


def claim_of(
    key: bytes, actor: Actor, *, method: str, path: str, raw: bytes, now: datetime, personal: bool
) -> IdempotencyClaim:
    """The claim of a request. Raises Refusal 400 unless the key has 1 to 255 printable ASCII characters."""
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.decode("ascii").isprintable():
        raise Refusal(Reason(codes.IDEMPOTENCY_KEY_INVALID, path="Idempotency-Key", longest=LONGEST_KEY))
    # None of these can hold the character between them: a path with it finds no endpoint.
    scope = "\x00".join((actor.issuer, actor.subject, method, path, key.decode("ascii")))
    return IdempotencyClaim(
        digest=hashlib.sha256(scope.encode()).digest(),
        body=hashlib.sha256(raw).digest(),
        created=now,
        personal=personal,
    )


def insert_sql(first: int = 1, source: str | None = None) -> str:
    """The INSERT of a claim with its answer, for a caller's own statement; its parameters start at `$first`.

    `source` is what follows the SELECT; unless given, nothing is inserted for a call without a key.
    """
    values = ", ".join(f"${first + place}::{kind}" for place, kind in enumerate(COLUMNS.values()))
    source = source or f"WHERE ${first}::bytea IS NOT NULL"
    return f"INSERT INTO idempotency_keys ({', '.join(COLUMNS)}) SELECT {values} {source}"


def kept_params(call: Call[Any], answer: Answer) -> tuple[Any, ...]:
    """The parameters of `insert_sql` for this call and its answer; all None for a call without a key."""
    if call.idempotency is None:
        return (None,) * len(COLUMNS)
    return call.idempotency.params(call.runtime.cipher, answer)


async def find(source: Fetching, claim: IdempotencyClaim) -> Kept | None:
    """What is stored under the key of this claim, whatever its body."""
    row = await source.fetchrow(
        "SELECT body, status, headers, answer, encrypted FROM idempotency_keys WHERE digest = $1",
        claim.digest,
    )
    if row is None:
        return None
    return Kept(row["body"], row["status"], json.loads(row["headers"]), row["answer"], row["encrypted"])


def answer_again(cipher: Cipher, claim: IdempotencyClaim, kept: Kept) -> Answer:
    """The first answer. Raises Refusal 409 idempotency-key-reused for another body."""
    if kept.body != claim.body:
        raise Refusal(Reason(codes.IDEMPOTENCY_KEY_REUSED, path="Idempotency-Key"))
    headers = dict(kept.headers)
    media_type = headers.pop("Content-Type")
    text = cipher.decrypt(kept.answer) if kept.encrypted else kept.answer
    return Answer(kept.status, text, {**headers, "Idempotency-Replayed": "true"}, media_type=media_type)


async def trim(conn: Connection, now: datetime, *, batch: int = 5_000) -> int:
    """Forget keys older than seven days, `batch` at most; answers how many."""
    done = await conn.execute(
        "DELETE FROM idempotency_keys WHERE digest IN"
        " (SELECT digest FROM idempotency_keys WHERE created < $1 ORDER BY created LIMIT $2)",
        now - KEPT,
        batch,
    )
    return int(done.split()[-1])
