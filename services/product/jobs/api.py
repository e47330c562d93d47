"""TMF620 importJob and exportJob, over HTTP: asked for here, done by the timer."""

from dataclasses import asdict
from typing import Any

from libs.database import Connection
from libs.ids import new_id
from libs.json_text import json_text
from libs.security.actor import Actor
from libs.security.roles import AUDITOR, Roles
from libs.tmf import EVERYTHING, Document, Hooks, Resource, bounded, crud_routes, moment
from libs.tmf.codes import ASKING
from libs.web.call import Call
from libs.web.errors import Code, Reason, Refusal, refuse
from services.product import errors, tables
from services.product.authority import WRITERS, check_new
from services.product.jobs import store
from services.product.jobs.model import ExportJob, ImportJob
from services.product.jobs.records import COLLECTIONS, asked_of
from services.product.jobs.rules import CONTENT_TYPE, FILES, LIVES, MOST_JOBS, collection_of, file_of
from services.product.parts import BASE, TAG

READERS = WRITERS | Roles(AUDITOR)
_SET_HERE = frozenset({"id", "href", "status", "creationDate", "completionDate", "errorLog", "progress"})

IMPORT = Resource(
    name="importJob",
    type="ImportJob",
    base=BASE,
    table=tables.import_jobs,
    model=ImportJob,
    required=("url",),
    columns={"status": "status"},
    server_set=_SET_HERE,
    visible=bounded(),
)

EXPORT = Resource(
    name="exportJob",
    type="ExportJob",
    base=BASE,
    table=tables.export_jobs,
    model=ExportJob,
    columns={"status": "status"},
    server_set=_SET_HERE | {"url"},
    visible=bounded(),
)


async def begin_import(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """The file has to be here already: no other address is ever asked."""
    check_new(call)
    file = file_of(document["url"], call.runtime.settings.public_url)
    lines = await store.lines_in(tx, file, call.now) if file else None
    refuse(
        [
            *_unknown_path(call, document),
            *([Reason(errors.FILE_UNKNOWN, path="url")] if lines is None else []),
        ]
    )
    await _room(tx, "import")
    progress = {"lines": lines, "done": 0, "made": 0, "changed": 0, "unchanged": 0, "failed": 0}
    _begun(call, document, progress)
    return {
        "file": file,
        "actor": _kept(call.actor),
        "language": call.language,
        "after": 0,
        "turn": 1,
        "helped": 0,
    }


async def begin_export(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """What it asks for can be asked of every collection that it covers, or it is refused at once."""
    check_new(call)
    refuse(_unknown_path(call, document))
    for collection in _covered(call, document):
        asked_of(collection, call.runtime, document.get("query", ""), call.now)
    await _room(tx, "export")
    file = new_id()
    await store.begin_file(tx, file, "export", call.now, call.now + LIVES)
    document["url"] = call.url(f"{FILES}/{file}")
    _begun(call, document, {"lines": 0, "done": 0})
    return {"file": file, "part": 0, "after": ""}


async def delete_job(tx: Connection, call: Call[Any], document: Document) -> None:
    """A job that runs is not taken away; one that has not begun, or has ended, goes with the file that it made."""
    check_new(call)
    if document["status"] == "Running":
        raise Refusal(Reason(errors.JOB_RUNNING))
    if document["@type"] == EXPORT.type:
        await store.drop_file(tx, document["url"].rpartition("/")[2])


def _begun(call: Call[Any], document: Document, progress: dict[str, Any]) -> None:
    document |= {
        "status": "Not Started",
        "contentType": CONTENT_TYPE,
        "creationDate": moment(call.now),
        "progress": progress,
    }


def _covered(call: Call[Any], document: Document) -> list[str]:
    """The collections that a job is about: one where it names a path, else all."""
    path = document.get("path")
    if path is None:
        return list(COLLECTIONS)
    return [collection_of(path, BASE, call.runtime.settings.public_url)]


def _unknown_path(call: Call[Any], document: Document) -> list[Reason]:
    unknown = [name for name in _covered(call, document) if name not in COLLECTIONS]
    return [Reason(errors.PATH_UNKNOWN, path="path", known=", ".join(COLLECTIONS))] if unknown else []


async def _room(tx: Connection, sort: store.Sort) -> None:
    if await store.unfinished(tx, sort) >= MOST_JOBS:
        raise Refusal(Reason(errors.TOO_MANY_JOBS, most=MOST_JOBS))


def _kept(actor: Actor) -> str:
    """In whose name an import acts, also when it runs later."""
    return json_text(asdict(actor) | {"roles": sorted(actor.roles)})


_REFUSED: tuple[Code, ...] = (errors.NOT_YOURS, errors.PATH_UNKNOWN, errors.TOO_MANY_JOBS, errors.JOB_RUNNING)
_OFFERED = EVERYTHING - {"patch"}

IMPORT_ROUTES = crud_routes(
    IMPORT,
    tag=TAG,
    allow_read=READERS,
    allow_write=WRITERS,
    hooks=Hooks(on_create=begin_import, on_delete=delete_job),
    offer=_OFFERED,
    errors=(*_REFUSED, errors.FILE_UNKNOWN),
)

EXPORT_ROUTES = crud_routes(
    EXPORT,
    tag=TAG,
    allow_read=READERS,
    allow_write=WRITERS,
    hooks=Hooks(on_create=begin_export, on_delete=delete_job),
    offer=_OFFERED,
    # Its `query` is one of a list.
    errors=(*_REFUSED, *ASKING),
)
