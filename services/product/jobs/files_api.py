"""`/api/product/v1/files`: a file is brought for an import, or fetched from an export."""

from typing import Any

from libs.ids import new_id
from libs.security.bounds import bounds
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.routes import Routes
from services.product import errors
from services.product.authority import WRITERS, check_new
from services.product.jobs import store
from services.product.jobs.api import READERS
from services.product.jobs.model import FileKept
from services.product.jobs.rules import (
    CONTENT_TYPE,
    FILES,
    LIVES,
    LONGEST_LINE,
    MOST_BYTES,
    MOST_FILES,
    MOST_LINES,
    lines_of,
)

ROUTES = Routes(prefix="/api/product/v1", tag="Files of the catalogue")
_LINES = {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}


@ROUTES.post(
    "/files",
    allow=WRITERS,
    answer=FileKept,
    status=201,
    max_body=MOST_BYTES,
    errors=(
        errors.NOT_YOURS,
        codes.MALFORMED,
        codes.BODY_TOO_LARGE,
        codes.MEDIA_TYPE_NOT_SUPPORTED,
        errors.FILE_EMPTY,
        errors.TOO_MANY_LINES,
        errors.TOO_MANY_FILES,
    ),
    openapi={"requestBody": {"required": True, **_LINES}},
)
async def create_file(call: Call[None]) -> Answer:
    """Bring records as JSON lines (`application/x-ndjson`), 8 MiB and 20,000 lines at most; kept for 24 hours."""
    check_new(call)
    lines = _lines(call)
    file, until = new_id(), call.now + LIVES
    address = call.url(f"{FILES}/{file}")
    async with once(call) as tx:
        if await store.living_files(tx, call.now) >= MOST_FILES:
            raise Refusal(Reason(errors.TOO_MANY_FILES, most=MOST_FILES))
        await store.begin_file(tx, file, "import", call.now, until)
        count, size = await store.add_lines(tx, file, lines, complete=True)
        kept = FileKept(id=file, url=address, lines=count, bytes=size, validUntil=until)
        return tx.answer(Answer(201, kept, location=address))


def _lines(call: Call[None]) -> list[str]:
    given = call.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise Refusal(Reason(codes.MEDIA_TYPE_NOT_SUPPORTED, given=given[:100], expected=CONTENT_TYPE))
    try:
        content = call.raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(Reason(codes.MALFORMED, detail=f"UTF-8: {error.reason}")) from None
    if "\0" in content:
        raise Refusal(Reason(codes.MALFORMED, detail="\\u0000"))
    lines = lines_of(content)
    if not lines:
        raise Refusal(Reason(errors.FILE_EMPTY))
    if len(lines) > MOST_LINES:
        raise Refusal(Reason(errors.TOO_MANY_LINES, most=MOST_LINES))
    if any(len(line.encode()) > LONGEST_LINE for line in lines):
        raise Refusal(Reason(codes.BODY_TOO_LARGE, limit=LONGEST_LINE))
    return lines


@ROUTES.get(
    "/files/{id}",
    allow=READERS,
    openapi={"responses": {"200": {"description": "Its lines.", **_LINES}}},
)
async def retrieve_file(call: Call[Any]) -> Answer:
    """A file as it was brought, or as an export has written it, while it is kept."""
    content = await store.content_of(call.runtime.db, call.path["id"], call.now)
    if content is None or not bounds(call.actor).everything:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, content, {"Cache-Control": "no-store"}, media_type=CONTENT_TYPE)
