"""`/api/customer/v1/disclosures`: who saw personal data in full, for those who watch over it."""

import json
from typing import Any

from pydantic import AwareDatetime, BaseModel

from libs.security.bounds import bounds
from libs.security.roles import AUDITOR, HQ_OPERATOR, Roles
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes
from services.customer.personal import store

routes = Routes(prefix="/api/customer/v1", tag="Disclosures")


class Disclosure(BaseModel):
    """One record shown in full, once. `actor`: issuer and subject; `place`: where the act took place."""

    id: str
    at: AwareDatetime
    actor: str
    place: dict[str, str | None]
    purpose: str
    resource: str
    record: str
    attributes: list[str]
    requestId: str


@routes.get(
    "/disclosures",
    allow=Roles(AUDITOR, HQ_OPERATOR),
    answer=list[Disclosure],
    query=(
        QueryParameter("record", "Only of this record."),
        QueryParameter("actor", "Only to this actor: issuer and subject, joined by a blank."),
        *PAGING,
    ),
    operation_id="listDisclosures",
)
async def list_disclosures(call: Call[None]) -> Answer:
    """The newest first."""
    page = page_of(call)
    rows, total = await store.disclosures(
        call.runtime.db,
        call.query.get("record"),
        call.query.get("actor"),
        bounds(call.actor).area,
        page.offset,
        page.limit,
    )
    body: list[dict[str, Any]] = [
        Disclosure(
            id=str(row["id"]),
            at=row["at"],
            actor=row["actor"],
            place=json.loads(row["place"]),
            purpose=row["purpose"],
            resource=row["resource"],
            record=row["record"],
            attributes=row["attributes"],
            requestId=row["request_id"],
        ).model_dump(mode="json")
        for row in rows
    ]
    return Answer(200, body, page_headers(call, page, total=total, shown=len(body)))
