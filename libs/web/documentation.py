"""How an endpoint documents itself in OpenAPI, through FastAPI's own generator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fastapi.params import Body
from fastapi.routing import APIRoute
from fastapi.utils import create_model_field
from starlette.responses import JSONResponse, PlainTextResponse

from libs.web import codes
from libs.web.body import FORM
from libs.web.errors import Code
from libs.web.texts import LANGUAGES

BEARER = "bearer"
SECURITY_SCHEMES = {BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


@dataclass(frozen=True)
class QueryParameter:
    """One query parameter that an endpoint understands; `schema` is its JSON Schema."""

    name: str
    description: str
    required: bool = False
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": self.description,
            "schema": self.schema,
        }


class DocumentedRoute(APIRoute):
    """A route of FastAPI for the sake of its documentation; requests never pass through FastAPI's own handling."""

    def __init__(
        self,
        path: str,
        *,
        method: str,
        operation_id: str,
        tag: str,
        description: str,
        summary: str,
        status: int,
        answer: Any,
        body: Any,
        form: bool,
        roles: Sequence[str],
        idempotent: bool,
        parameters: Iterable[QueryParameter],
        errors: Iterable[Code],
        refusal: Any,
        extra: dict[str, Any],
    ) -> None:
        roles = list(roles)
        super().__init__(
            path,
            _documentation_only,
            methods=[method],
            operation_id=operation_id,
            name=operation_id,
            tags=[tag],
            description=description,
            summary=summary or None,
            status_code=status,
            response_model=answer,
            response_description="Done",
            response_class=PlainTextResponse if extra.get("x-media-type") == "text/plain" else JSONResponse,
            responses=_refusals(errors, refusal),
        )
        if body is not None:
            self.body_field = create_model_field(
                name=f"Body_{operation_id}",
                type_=body,
                field_info=Body(annotation=body, media_type=FORM if form else "application/json"),
            )
        places = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in self.param_convertors
        ]
        self.openapi_extra = {
            "x-roles": roles or ["public"],
            "security": [{BEARER: []}] if roles else [],
            "parameters": [
                *places,
                *(parameter.document() for parameter in parameters),
                *([_IDEMPOTENCY_KEY] if idempotent else []),
                _ACCEPT_LANGUAGE,
            ],
            **extra,
        }


async def _documentation_only() -> None:
    """FastAPI wants a function without parameters to look at; ours are declared, not inferred."""
    raise RuntimeError("requests are served by libs.web.middleware")


def refusals_everywhere(
    *,
    method: str,
    public: bool,
    body: bool,
    form: bool,
    place: bool,
    query: frozenset[str] | None,
    documented: frozenset[str],
    required: bool,
    idempotent: bool,
) -> list[Code]:
    """The codes that an endpoint of this kind may answer without saying so.

    `query`: the names of the parameters that it understands; None where it reads those of any name itself, and
    `documented` is what it says of them.
    """
    found = [codes.INTERNAL_ERROR, codes.TOOK_TOO_LONG, codes.TEMPORARILY_UNAVAILABLE, codes.MALFORMED]
    if not public:
        found += [codes.UNAUTHENTICATED, codes.TOKEN_INVALID, codes.TOKEN_EXPIRED, codes.FORBIDDEN]
        found.append(codes.ISSUER_UNREACHABLE)
    if body:
        found += [codes.MISSING, codes.INVALID, codes.UNKNOWN_FIELD, codes.TOO_MANY]
        found += [codes.BODY_TOO_LARGE, codes.MEDIA_TYPE_NOT_SUPPORTED]
    if form:
        found.append(codes.REPEATED_PARAMETER)
    if place:
        found.append(codes.NOT_FOUND)
    if query is not None:
        found.append(codes.UNKNOWN_PARAMETER)
    if required:
        found.append(codes.MISSING)
    found += _of_parameters(documented)
    if method != "GET" and not public:
        found.append(codes.RECORD_BUSY)
    if idempotent:
        found += [codes.IDEMPOTENCY_KEY_INVALID, codes.IDEMPOTENCY_KEY_REUSED, codes.REQUEST_IN_PROGRESS]
    return found


def _of_parameters(names: frozenset[str]) -> list[Code]:
    found = [codes.REPEATED_PARAMETER, codes.INVALID] if names else []
    if "limit" in names:
        found.append(codes.PAGE_TOO_LARGE)
    if "purpose" in names:
        found += [codes.PURPOSE_UNKNOWN, codes.PURPOSE_NOT_PERMITTED]
    return found


def with_selections(document: dict[str, Any]) -> dict[str, Any]:
    """The document as it is answered: a read that takes `fields` may leave out some of the record."""
    schemas = document.get("components", {}).get("schemas", {})
    for operations in document["paths"].values():
        for operation in operations.values():
            _refused_in_json(operation["responses"])
            if any(parameter["name"] == "fields" for parameter in operation.get("parameters", ())):
                shown = operation["responses"]["200"]["content"]["application/json"]
                if shown["schema"].get("type") == "array":
                    shown["schema"]["items"] = _selected(shown["schema"]["items"], schemas)
                else:
                    shown["schema"] = _selected(shown["schema"], schemas)
    return document


def _refused_in_json(responses: dict[str, Any]) -> None:
    """What answers a text refuses in JSON all the same: FastAPI knows one media type for all answers."""
    for status, response in responses.items():
        if status[0] != "2" and "text/plain" in response.get("content", {}):
            response["content"] = {"application/json": response["content"]["text/plain"]}


def _selected(whole: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = str(whole.get("$ref", "")).rpartition("/")[2]
    if "properties" not in schemas.get(name, {}):
        return whole
    schemas[f"{name}Selection"] = {
        "title": f"{name}Selection",
        "description": f"What `fields` names of a {name}; all else is left out.",
        "type": "object",
        "properties": {
            member: {"$ref": f"#/components/schemas/{name}/properties/{quote(member, safe='@$')}"}
            for member in schemas[name]["properties"]
        },
    }
    return {"anyOf": [whole, {"$ref": f"#/components/schemas/{name}Selection"}]}


def _refusals(errors: Iterable[Code], refusal: Any) -> dict[int | str, dict[str, Any]]:
    names: dict[int, set[str]] = {}
    for code in errors:
        names.setdefault(code.status, set()).add(code.name)
    found: dict[int | str, dict[str, Any]] = {
        status: {"model": refusal, "description": ", ".join(sorted(names[status]))}
        for status in sorted(names)
    }
    return {**found, "default": {"model": refusal, "description": "Any other refusal"}}


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this request: a repetition with the same key and body is answered with the first answer. "
    "Without it nothing protects a repetition.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_ACCEPT_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "The language of texts, English unless asked otherwise.",
    "schema": {"type": "string", "examples": list(LANGUAGES)},
}
