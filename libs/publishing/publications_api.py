"""`/api/<service>/v1/publications`: how far the copies of what headquarters publishes go."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from libs.database import Connection
from libs.node import HQ, NODES
from libs.publishing.copying import copy_of
from libs.publishing.declaration import Publication
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes

State = Literal["current", "behind", "ahead", "awaited"]
FILTERS = (
    QueryParameter("node", "The code of a province."),
    QueryParameter("state", "`current`, `behind`, `ahead` or `awaited`."),
)
_HEARD = """
    SELECT node, position, conflicts, heard, behind_since FROM publication_nodes WHERE name = $1
"""


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class ConflictShown(_Shape):
    """A record that the province has not taken in as it came."""

    record: str
    number: int
    reason: str


class PublicationShown(_Shape):
    """How far a province's copy of a publication goes."""

    id: str = Field(description="publication and node, with a dot between: `catalogue.gd`")
    publication: str
    node: str
    state: State = Field(
        description="current; behind what was published; awaited: it has never said how far it is; ahead: it has what "
        "headquarters has not, as after a restored database"
    )
    newest: int = Field(description="the last number that was given, as far as this node knows")
    position: int = Field(description="up to this number the copy has everything")
    heard: AwareDatetime | None = Field(None, description="at headquarters: when it last said so")
    behind_since: AwareDatetime | None = Field(
        None, description="at headquarters: since when it lacks anything"
    )
    conflict: list[ConflictShown] = []
    type: str = Field("Publication", alias="@type")


def publication_routes(service: str, publications: Sequence[Publication]) -> Routes:
    """The endpoint of a service of whose records headquarters publishes some."""
    routes = Routes(prefix=f"/api/{service}/v1", tag="Publications of headquarters")

    @routes.get(
        "/publications",
        allow=Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR),
        answer=list[PublicationShown],
        query=(*FILTERS, *PAGING),
        operation_id="listPublications",
    )
    async def list_publications(call: Call[None]) -> Answer:
        """At headquarters every province's copy, in a province its own."""
        page = page_of(call, default=len(NODES))
        look = _copies if call.runtime.settings.node == HQ else _own
        async with call.runtime.db.connection() as connection:
            found = [one for each in publications for one in await look(connection, call, each)]
        asked = {name: call.query[name] for name in ("node", "state") if name in call.query}
        found = [one for one in found if asked.items() <= {"node": one.node, "state": one.state}.items()]
        shown = found[page.offset : page.offset + page.limit]
        return Answer(200, shown, page_headers(call, page, total=len(found), shown=len(shown)))

    return routes


def state_of(position: int | None, newest: int) -> State:
    """How a copy stands to what was published; None: nothing was ever heard of it."""
    if position is None:
        return "awaited"
    if position == newest:
        return "current"
    return "behind" if position < newest else "ahead"


async def _copies(
    connection: Connection, call: Call[Any], publication: Publication
) -> list[PublicationShown]:
    newest = (
        await connection.fetchval("SELECT newest FROM publications WHERE name = $1", publication.name) or 0
    )
    heard = {row["node"]: row for row in await connection.fetch(_HEARD, publication.name)}
    found = []
    for node in NODES:
        if node == HQ:
            continue
        row = heard.get(node)
        position = row["position"] if row else None
        found.append(
            PublicationShown(
                id=f"{publication.name}.{node}",
                publication=publication.name,
                node=node,
                state=state_of(position, newest),
                newest=newest,
                position=position or 0,
                heard=row["heard"] if row else None,
                behind_since=row["behind_since"] if row else None,
                conflict=from_json(row["conflicts"]) if row else [],
            )
        )
    return found


async def _own(connection: Connection, call: Call[Any], publication: Publication) -> list[PublicationShown]:
    copy, node = await copy_of(connection, publication), call.runtime.settings.node
    return [
        PublicationShown(
            id=f"{publication.name}.{node}",
            publication=publication.name,
            node=node,
            state=state_of(copy.position, copy.newest) if copy.newest else "awaited",
            newest=copy.newest,
            position=copy.position,
            conflict=[ConflictShown(**one._asdict()) for one in copy.conflicts],
        )
    ]
