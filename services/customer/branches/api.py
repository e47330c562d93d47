"""`/api/customer/v1/branches`: where headquarters' customers have branches, and how new these are."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from libs.security.bounds import bounds
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes
from services.customer.branches import store

FILTERS = (
    QueryParameter("customer", "The id of headquarters' customer."),
    QueryParameter("node", "The code of a province."),
    QueryParameter("state", "`current`, `behind` or `ahead`; in a province `held`."),
)


class BranchShown(BaseModel):
    """A branch of a national customer in a province."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    id: str = Field(description="customer and node, with a dot between")
    customer: str
    node: str
    state: Literal["current", "behind", "ahead", "held"] = Field(
        description="at headquarters: as new as its record, older, or newer, as after a restored database; `held`: in "
        "a province, which does not know what headquarters has by now"
    )
    version: int = Field(description="of headquarters' record that the branch was made of")
    newest: int | None = Field(None, description="at headquarters: the version of its record")
    heard: AwareDatetime = Field(
        description="at headquarters: when the province last said so; there: when the branch was written last"
    )
    type: str = Field("Branch", alias="@type")


routes = Routes(prefix="/api/customer/v1", tag="Branches of national customers")


@routes.get(
    "/branches",
    allow=Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR),
    answer=list[BranchShown],
    query=(*FILTERS, *PAGING),
    operation_id="listBranches",
)
async def list_branches(call: Call[None]) -> Answer:
    """At headquarters those that provinces say they hold, in a province its own."""
    page = page_of(call)
    if not bounds(call.actor).everything:
        return Answer(200, [], page_headers(call, page, total=0, shown=0))
    asked = {one.name: call.query[one.name] for one in FILTERS if one.name in call.query}
    rows, total = await store.page(
        call.runtime.db, call.runtime.settings.node, asked, page.offset, page.limit
    )
    shown = [_shown(row) for row in rows]
    return Answer(200, shown, page_headers(call, page, total=total, shown=len(shown)))


def _shown(row: Any) -> dict[str, Any]:
    shown = BranchShown(id=f"{row['customer']}.{row['node']}", **dict(row))
    return shown.model_dump(mode="json", by_alias=True, exclude_none=True)
