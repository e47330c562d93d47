"""One request as a handler sees it, and what the handler gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.datastructures import Headers, QueryParams

from libs.security.actor import Actor
from libs.web.runtime import Runtime
from libs.web.texts import Language

if TYPE_CHECKING:
    from libs.web.claims import IdempotencyClaim

T = TypeVar("T")

JSON = "application/json"


class Call(Generic[T]):
    """A request that was let in: its caller is known and permitted, its body is valid."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        method: str,
        route: str,
        path: Mapping[str, str],
        body: T,
        raw: bytes,
        actor: Actor | None,
        language: Language,
        now: datetime,
        request_id: str,
        request_path: str,
        query_string: bytes = b"",
        raw_headers: list[tuple[bytes, bytes]] | None = None,
        idempotency: "IdempotencyClaim | None" = None,
    ) -> None:
        self.runtime = runtime
        self.method = method
        self.route = route
        """The declared path: `/…/productOrder/{id}`."""
        self.path = path
        """The values of the path's places, by name."""
        self.body = body
        """The validated model."""
        self.raw = raw
        """The body's bytes as they were sent."""
        self.language = language
        self.now = now
        """The time of business when the request was let in; one moment for all that it does."""
        self.request_id = request_id
        self.request_path = request_path
        self.idempotency = idempotency
        """What the Idempotency-Key stands for; None without one."""
        self._actor = actor
        self._query_string = query_string
        self._raw_headers = raw_headers or []

    @property
    def actor(self) -> Actor:
        """Who is asking. Raises RuntimeError at a public endpoint, which asks nobody's name."""
        if self._actor is None:
            raise RuntimeError("a public endpoint has no actor")
        return self._actor

    @cached_property
    def query(self) -> QueryParams:
        return QueryParams(self._query_string)

    @cached_property
    def headers(self) -> Headers:
        return Headers(raw=self._raw_headers)

    def url(self, path: str) -> str:
        """The absolute address of a path of this node, for `href` and `Location`."""
        return f"{self.runtime.settings.public_url}{quote(path, safe='/:?&=%,@+-._~')}"


@dataclass(frozen=True)
class Answer:
    """What a handler answers.

    `body`: text and bytes go out as they are (JSON unless `media_type` says otherwise); a model by its aliases and
    without what is None; dicts and lists as JSON. `location` becomes the header of that name.
    """

    status: int = 200
    body: bytes | str | BaseModel | dict[str, Any] | list[Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str | None = None
    media_type: str = JSON

    @cached_property
    def content(self) -> bytes:
        """The bytes of the body; empty where there is none. Made once: they are stored, and sent."""
        body = self.body
        if body is None:
            return b""
        if isinstance(body, bytes):
            return body
        if isinstance(body, str):
            return body.encode()
        if isinstance(body, BaseModel):
            return body.__pydantic_serializer__.to_json(body, by_alias=True, exclude_none=True)
        return to_json(body, by_alias=True, exclude_none=True)

    def all_headers(self) -> dict[str, str]:
        """Headers with `Location` among them."""
        return {**self.headers, "Location": self.location} if self.location else dict(self.headers)
