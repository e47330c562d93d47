"""The endpoints of a resource: list, retrieve, create, patch, delete, from its declaration.

ROUTES = crud_routes(PRODUCT_OFFERING, tag="TMF620 Product Catalog", allow_read=STAFF, allow_write=Roles(HQ_OPERATOR),
                     hooks=Hooks(on_create=check_prices, on_change=check_lifecycle, on_delete=refuse_when_sold))

Hooks run inside the transaction of the change, after the document was found valid; they refuse by raising Refusal,
complete the document in place, and answer further columns of the row, if any.
"""

from collections.abc import Collection, Iterable
from typing import Any, Literal

from libs.security.roles import Roles
from libs.tmf import codes
from libs.tmf.handlers import NO_HOOKS, Crud, Hooks
from libs.tmf.patch import BODIES, REFUSALS
from libs.tmf.query import FIELDS, PURPOSE, SORT
from libs.tmf.resource import Resource
from libs.web import codes as web_codes
from libs.web.errors import Code
from libs.web.paging import PAGING
from libs.web.routes import MIB, AnyQuery, Routes

Offer = Literal["list", "retrieve", "create", "patch", "replace", "delete"]
READS: frozenset[Offer] = frozenset({"list", "retrieve"})
EVERYTHING: frozenset[Offer] = READS | frozenset[Offer]({"create", "patch", "delete"})
"""But PUT, which few documents declare."""


def crud_routes(
    resource: Resource,
    *,
    allow_read: Roles,
    allow_write: Roles | None = None,
    allow_create: Roles | None = None,
    allow_change: Roles | None = None,
    allow_delete: Roles | None = None,
    hooks: Hooks = NO_HOOKS,
    offer: Collection[Offer] = EVERYTHING,
    tag: str = "",
    errors: Iterable[Code] = (),
    max_body: int = MIB,
) -> Routes:
    """The endpoints of a resource. A write is offered to `allow_create` and so on, else to `allow_write`, else not.

    `errors`: what the hooks may refuse with, for the documentation. `max_body` in bytes.
    """
    routes = Routes(prefix=resource.base, tag=tag or resource.type)
    served = Crud(resource, hooks)
    _reads(routes, resource, served, allow_read, offer)
    if "create" in offer and (allow := allow_create or allow_write):
        routes.add(
            "POST",
            f"/{resource.name}",
            served.create,
            allow=allow,
            operation_id=f"create{resource.type}",
            body=Any,
            body_shown=resource.model,
            answer=resource.model,
            status=201,
            max_body=max_body,
            personal=resource.mask is not None,
            errors=(*codes.SENT, codes.READ_ONLY, codes.ALREADY_EXISTS, *errors),
        )
    if "patch" in offer and (allow := allow_change or allow_write):
        routes.add(
            "PATCH",
            f"/{resource.name}/{{id}}",
            served.patch,
            allow=allow,
            operation_id=f"patch{resource.type}",
            body=Any,
            body_shown=resource.model,
            answer=resource.model,
            max_body=max_body,
            errors=(*REFUSALS, *errors),
            openapi=BODIES,
        )
    if "replace" in offer and (allow := allow_change or allow_write):
        routes.add(
            "PUT",
            f"/{resource.name}/{{id}}",
            served.replace,
            allow=allow,
            operation_id=f"replace{resource.type}",
            body=Any,
            body_shown=resource.model,
            answer=resource.model,
            max_body=max_body,
            errors=(*codes.SENT, codes.READ_ONLY, web_codes.EDITED_MEANWHILE, *errors),
        )
    if "delete" in offer and (allow := allow_delete or allow_write):
        routes.add(
            "DELETE",
            f"/{resource.name}/{{id}}",
            served.delete,
            allow=allow,
            operation_id=f"delete{resource.type}",
            status=204,
            errors=(web_codes.EDITED_MEANWHILE, *errors),
        )
    return routes


def _reads(routes: Routes, resource: Resource, served: Crud, allow: Roles, offer: Collection[Offer]) -> None:
    purpose = (PURPOSE,) if resource.mask else ()
    model: Any = resource.model
    if "list" in offer:
        routes.add(
            "GET",
            f"/{resource.name}",
            served.list,
            allow=allow,
            operation_id=f"list{resource.type}",
            answer=list[model],
            query=AnyQuery((FIELDS, *PAGING, SORT, *purpose)),
            errors=codes.ASKING,
        )
    if "retrieve" in offer:
        routes.add(
            "GET",
            f"/{resource.name}/{{id}}",
            served.retrieve,
            allow=allow,
            operation_id=f"retrieve{resource.type}",
            answer=model,
            query=(FIELDS, *purpose),
            errors=(codes.UNKNOWN_ATTRIBUTE,),
        )
