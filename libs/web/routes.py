"""The one way to declare an endpoint.

routes = Routes(prefix="/tmf-api/productOrderingManagement/v4", tag="TMF622 Product Ordering")

@routes.post("/productOrder", allow=Roles("hall-clerk", "machine"), body=ProductOrderCreate, answer=ProductOrder,
             status=201, errors=(OFFERING_UNKNOWN,), max_body=256 * KIB)
async def create_product_order(call: Call[ProductOrderCreate]) -> Answer: ...
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fastapi import FastAPI
from pydantic import TypeAdapter

from libs.security.roles import Roles
from libs.web.call import Answer, Call
from libs.web.documentation import DocumentedRoute, QueryParameter, refusals_everywhere
from libs.web.errors import Code, Error, Refusal
from libs.web.texts import Language

__all__ = [
    "ANY",
    "KIB",
    "MIB",
    "PUBLIC",
    "AnyQuery",
    "Endpoint",
    "Handler",
    "Public",
    "QueryParameter",
    "Routes",
    "Undeclared",
    "check_declared",
]

KIB = 1024
MIB = 1024 * KIB

Handler: TypeAlias = Callable[[Call[Any]], Awaitable[Answer]]
ShownAs: TypeAlias = Callable[[Refusal, Language], Answer]


class Public:
    """Open to nobody in particular: no token is asked for, and the call has no actor."""

    def __repr__(self) -> str:
        return "PUBLIC"


PUBLIC: Final = Public()


@dataclass(frozen=True)
class AnyQuery:
    """The endpoint reads query parameters of any name itself; those named here are documented."""

    documented: tuple[QueryParameter, ...] = ()


ANY: Final = AnyQuery()

Query: TypeAlias = AnyQuery | Sequence[QueryParameter]


class Undeclared(Exception):
    """An endpoint does not say who may call it, or is not declared through Routes; the service must not start."""


class Endpoint(DocumentedRoute):
    """One operation: who may call it, what it takes, and the function that does it."""

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        allow: Roles | Public,
        tag: str,
        operation_id: str | None,
        body: Any,
        body_shown: Any,
        answer: Any,
        status: int,
        errors: Iterable[Code],
        query: Query,
        max_body: int,
        idempotent: bool,
        personal: bool,
        accepts_form: bool,
        shown_as: ShownAs | None,
        refusal: Any,
        summary: str,
        openapi: dict[str, Any] | None,
    ) -> None:
        if not isinstance(allow, Roles | Public):
            raise Undeclared(f"{method} {path}: allow is {allow!r}; say Roles(…) or PUBLIC")
        self.method = method
        self.handler = handler
        self.allow = allow
        self.adapter: TypeAdapter[Any] | None = None if body is None else TypeAdapter(body)
        self.max_body = max_body
        self.takes_body = method in ("POST", "PATCH", "PUT")
        self.idempotent = idempotent and method == "POST" and isinstance(allow, Roles)
        self.personal = personal
        self.accepts_form = accepts_form
        self.shown_as = shown_as
        known = query.documented if isinstance(query, AnyQuery) else tuple(query)
        self.parameters = None if isinstance(query, AnyQuery) else frozenset(one.name for one in known)
        self.required_parameters = tuple(one.name for one in known if one.required)
        public = isinstance(allow, Public)
        everywhere = refusals_everywhere(
            method=method,
            public=public,
            body=body is not None,
            form=accepts_form,
            place="{" in path,
            query=self.parameters,
            documented=frozenset(one.name for one in known),
            required=bool(self.required_parameters),
            idempotent=self.idempotent,
        )
        super().__init__(
            path,
            method=method,
            operation_id=operation_id or handler.__name__,
            tag=tag,
            description=handler.__doc__ or "",
            summary=summary,
            status=status,
            answer=answer,
            body=body_shown if body_shown is not None else body,
            form=accepts_form,
            roles=list(allow) if isinstance(allow, Roles) else (),
            idempotent=self.idempotent,
            parameters=known,
            errors=[*everywhere, *errors],
            refusal=refusal,
            extra=openapi or {},
        )


class Routes:
    """Endpoints under one prefix, listed as one tag in the documentation."""

    def __init__(self, prefix: str = "", tag: str = "") -> None:
        if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
            raise ValueError(f"a prefix starts with a slash and ends without one: {prefix!r}")
        self.prefix = prefix
        self.tag = tag
        self.endpoints: list[Endpoint] = []

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self.endpoints)

    def add(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        allow: Roles | Public,
        operation_id: str | None = None,
        body: Any = None,
        body_shown: Any = None,
        answer: Any = None,
        status: int = 200,
        errors: Iterable[Code] = (),
        query: Query = (),
        max_body: int = MIB,
        idempotent: bool = True,
        personal: bool = False,
        accepts_form: bool = False,
        shown_as: ShownAs | None = None,
        refusal: Any = Error,
        summary: str = "",
        openapi: dict[str, Any] | None = None,
    ) -> Endpoint:
        """Declare one endpoint; the decorators below do the same.

        `allow`: Roles or PUBLIC. `body`: anything that Pydantic validates; None where none is read. `body_shown`: the
        model to document instead. `answer`: the model of the answer with `status`. `query`: the parameters understood
        (others are 400), or ANY. `max_body` in bytes. `idempotent=False` exempts a POST from Idempotency-Key.
        `personal`: stored answers are encrypted. `accepts_form`: the body is a form, not JSON. `shown_as` renders
        refusals in another shape than TM Forum's, whose model is `refusal`. `operation_id`: the function's name unless
        given. `openapi`: more keys of the operation's document.
        """
        endpoint = Endpoint(
            method,
            self.prefix + path,
            handler,
            allow=allow,
            tag=self.tag,
            operation_id=operation_id,
            body=body,
            body_shown=body_shown,
            answer=answer,
            status=status,
            errors=errors,
            query=query,
            max_body=max_body,
            idempotent=idempotent,
            personal=personal,
            accepts_form=accepts_form,
            shown_as=shown_as,
            refusal=refusal,
            summary=summary,
            openapi=openapi,
        )
        self.endpoints.append(endpoint)
        return endpoint

    def _declaring(self, method: str, path: str, allow: Roles | Public, more: dict[str, Any]) -> "Declaring":
        def declare(handler: Handler) -> Handler:
            self.add(method, path, handler, allow=allow, **more)
            return handler

        return declare

    def get(self, path: str, *, allow: Roles | Public, **more: Any) -> "Declaring":
        """A read; see `add`."""
        return self._declaring("GET", path, allow, more)

    def post(self, path: str, *, allow: Roles | Public, **more: Any) -> "Declaring":
        """A creation or an act; see `add`. Takes an Idempotency-Key unless `idempotent=False` or PUBLIC."""
        return self._declaring("POST", path, allow, more)

    def patch(self, path: str, *, allow: Roles | Public, **more: Any) -> "Declaring":
        """A change by merge-patch; see `add`."""
        return self._declaring("PATCH", path, allow, more)

    def delete(self, path: str, *, allow: Roles | Public, **more: Any) -> "Declaring":
        """A removal, answered 204 unless said otherwise; see `add`."""
        return self._declaring("DELETE", path, allow, {"status": 204} | more)


Declaring: TypeAlias = Callable[[Handler], Handler]


def check_declared(app: FastAPI) -> None:
    """Refuse to start with a route that does not say who may call it, or with two of one name or one path.

    Raises Undeclared, which names them all.
    """
    faults = []
    seen: set[object] = set()
    for route in app.routes:
        if not isinstance(route, Endpoint):
            faults.append(f"{getattr(route, 'path', route)}: not declared through Routes")
            continue
        for mark in (route.operation_id, (route.method, route.path_format)):
            if mark in seen:
                faults.append(f"{route.method} {route.path}: {mark} is declared twice")
            seen.add(mark)
    if faults:
        raise Undeclared("; ".join(faults))
