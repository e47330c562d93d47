"""What is examined: one resource of one API, at an address, with somebody who may do everything there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from libs.ids import new_id
from tests.conformance.facts import Facts

MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"
Document = dict[str, Any]
Body = Callable[[], Awaitable[Document]]


@dataclass
class Subject:
    """One resource. What it cannot do is left out, and has to stand in contracts/tmf-conformance.md."""

    facts: Facts
    name: str
    client: httpx.AsyncClient
    bearer: Callable[..., dict[str, str]]
    """Headers of a role: `bearer("supervisor")`."""
    maker: str
    """The role that creates."""
    editor: str
    """The role that changes and removes."""
    body: Body
    """What creates one, another each time."""
    text: str | None = "description"
    """A text that may be changed, and removed."""
    array: tuple[str, list[Any]] | None = None
    """An array that may be changed, and what to put there."""
    state: tuple[str, str] | None = None
    """The attribute of the state, and one that a new record may be given."""
    draft: Document = field(default_factory=dict)
    """What makes a new record one that can be removed; `removable` says whether there is such a thing."""
    removable: bool = True
    heard_as: str | None = None
    """The name under which it is told, where that is another."""
    ours: frozenset[str] = frozenset()
    """Attributes that we added and declared."""
    lacks: frozenset[str] = frozenset()
    """Attributes of the document that are not taken."""
    spares: frozenset[str] = frozenset()
    """Attributes that are mandatory in a part of the document, and not with us, by dotted names."""
    moved: Callable[[Document], Awaitable[None]] | None = None
    """Has the state of a record changed, where no PATCH does it."""

    outside: list[str] = field(default_factory=list)
    """What of all answers was not as the document has it."""

    @property
    def path(self) -> str:
        return f"{self.facts.base}/{self.name}"

    @property
    def told(self) -> Mapping[str, Any]:
        return self.facts.resource(self.heard_as or self.name)

    def offers(self, operation: str) -> bool:
        """Whether the document has it: `offers("PATCH")`, `offers("POST")`."""
        one = "/{id}" if operation in ("PATCH", "DELETE", "PUT") else ""
        return f"{operation} /{self.name}{one}" in self.facts.operations

    async def ask(
        self,
        method: str,
        path: str = "",
        *,
        role: str | None = None,
        json: Any = None,
        media_type: str | None = None,
        params: Any = None,
    ) -> httpx.Response:
        """`path` begins with a slash below the list's own."""
        headers = dict(self.bearer(role or self.editor))
        if method == "POST":
            headers["Idempotency-Key"] = new_id()
        if media_type:
            headers["Content-Type"] = media_type
        answer = await self.client.request(
            method, self.path + path, json=json, headers=headers, params=params
        )
        return self._noted(answer)

    async def follow(self, address: str) -> httpx.Response:
        """GET what an answer leads to."""
        return self._noted(await self.client.get(address, headers=self.bearer(self.editor)))

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        """Note what is wrong with an answer; where `fields` chose, it need not have everything."""
        asked = answer.request
        if answer.status_code < 300 and answer.content and "fields" not in asked.url.params:
            body = answer.json()
            for document in body if isinstance(body, list) else [body]:
                faults = self.facts.faults(self.name, document, ours=self.ours)
                self.outside += [f"{asked.method}: {fault}" for fault in faults]
        return answer

    async def make(self, **more: Any) -> Document:
        """A new record, as it was answered."""
        answer = await self.ask("POST", role=self.maker, json=await self.body() | more)
        assert answer.status_code == 201, answer.text
        made: Document = answer.json()
        return made

    async def settled(self, **more: Any) -> Document:
        """A new record, once it does not move any more by itself."""
        return await self.at_rest(await self.make(**more))

    async def at_rest(self, made: Document) -> Document:
        """A record as it is seen, once it does not move any more by itself."""
        if self.moved:
            await self.moved(made)
        return await self.seen(made["id"])

    async def seen(self, id: str) -> Document:
        answer = await self.ask("GET", f"/{id}")
        assert answer.status_code == 200, answer.text
        found: Document = answer.json()
        return found
