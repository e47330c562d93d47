"""One cell of the table: what is expected of it, and whether the service does that."""

from enum import StrEnum
from typing import Any

import httpx

from deploy.authorisation import Whose, deals_of, whose_of
from libs.ids import new_id
from libs.web.routes import Endpoint, Public
from tests.house.authorisation.people import Person, Relation, holder, oneself
from tests.house.authorisation.world import Naming, World

NOBODYS = "00000000-0000-7000-8000-000000000000"
PLACES = ("{id}", "{number}")
NO_VERSION = {"If-Match": '"999999"'}
"""Whoever reaches a record is told that it was edited meanwhile; it stays."""
BOUND_TO_AREA = (Relation.OWN_AREA, Relation.ANOTHER_AREA)


class Expected(StrEnum):
    IN = "in"
    FORBIDDEN = "forbidden"
    HIDDEN = "hidden"
    NOT_YOURS = "not yours"
    """Seen, or nothing to see yet, and not this one's to write."""


def expected(
    world: World, endpoint: Endpoint, role: str, relation: Relation, whose: Whose | None = None
) -> Expected:
    """What the table says; `whose`: of another record than the endpoint's own, which its body names."""
    assert not isinstance(endpoint.allow, Public), "nobody is asked who he is there"
    if role not in endpoint.allow:
        return Expected.FORBIDDEN
    service = world.service.service
    deals, whose = deals_of(service, endpoint), whose or whose_of(service, endpoint)
    if relation in BOUND_TO_AREA and whose.in_area == "nothing":
        reads = endpoint.method == "GET"
        hidden = deals.whose.in_area == "nothing" and (reads or is_of_one(endpoint))
        return Expected.HIDDEN if hidden else Expected.NOT_YOURS
    if whose.at.get(role, world.service.settings.tier) != world.service.settings.tier:
        return Expected.NOT_YOURS
    if relation is Relation.ANOTHER_AREA and whose.in_area != "all":
        return Expected.HIDDEN
    if relation is Relation.ANOTHERS and role in whose.own:
        return Expected.HIDDEN
    return Expected.IN


def is_of_one(endpoint: Endpoint) -> bool:
    """Whether the endpoint is about one record, which its path names."""
    return any(place in endpoint.path for place in PLACES)


async def ask(
    world: World,
    endpoint: Endpoint,
    headers: dict[str, str],
    record: str = NOBODYS,
    body: Any = None,
    **params: str,
) -> httpx.Response:
    """Call an endpoint for a record."""
    path = endpoint.path
    for place in PLACES:
        path = path.replace(place, record)
    operation = endpoint.method, endpoint.path
    sent: dict[str, Any] = {}
    if endpoint.takes_body:
        made = world.bodies.get(operation, dict)() if body is None else body
        sent = {"content": made} if isinstance(made, bytes) else {"json": made}
        headers = {"Content-Type": "application/json"} | headers
        if isinstance(made, bytes):
            headers["Content-Type"] = "application/x-ndjson"
    if endpoint.method in ("PUT", "DELETE") and operation not in world.used_up:
        headers = headers | NO_VERSION
    if endpoint.method == "POST":
        headers = headers | {"Idempotency-Key": new_id()}
    return await world.service.client.request(
        endpoint.method, path, headers=headers, params=params or None, **sent
    )


async def fault_of(world: World, endpoint: Endpoint, role: str, relation: Relation) -> str | None:
    """What is wrong with a cell, if anything."""
    wanted = expected(world, endpoint, role, relation)
    cell = _Cell(world, endpoint, role, relation, wanted)
    try:
        await cell.check()
    except AssertionError as wrong:
        return f"{endpoint.method} {endpoint.path} as {role}, {relation}: should be {wanted}: {wrong}"
    return None


class _Cell:
    def __init__(
        self, world: World, endpoint: Endpoint, role: str, relation: Relation, wanted: Expected
    ) -> None:
        self.world, self.endpoint, self.relation, self.wanted = world, endpoint, relation, wanted
        self.role, self.asker = role, oneself(role)
        self.operation = endpoint.method, endpoint.path
        self.whose = whose_of(world.service.service, endpoint)
        self.kind = deals_of(world.service.service, endpoint).record

    @property
    def headers(self) -> dict[str, str]:
        return self.asker.headers(self.world.service, bound=self.relation in BOUND_TO_AREA)

    def held_by(self, relation: Relation) -> Person:
        return holder(self.role, relation, self.whose)

    @property
    def at_home(self) -> Relation:
        """One's own record, asked for with the same right."""
        return Relation.OWN_AREA if self.relation in BOUND_TO_AREA else Relation.OWN

    async def check(self) -> None:
        if self.wanted is Expected.FORBIDDEN:
            # Told before anything is read: whose the record would be makes no difference.
            if self.relation is Relation.OWN:
                _check(await ask(self.world, self.endpoint, self.headers), self.wanted)
        elif is_of_one(self.endpoint):
            await self._one()
        elif self.endpoint.method == "GET":
            await self._list()
        else:
            await self._making()
        for named in self.world.names.get(self.operation, ()):
            await self._naming(named, named.whose or self.whose)

    async def _one(self) -> None:
        make = self.world.fresh if self.operation in self.world.used_up else self.world.record
        id = await make(self.kind, self.held_by(self.relation), self.endpoint.path)
        answer = await ask(self.world, self.endpoint, self.headers, id)
        if self.endpoint.method == "GET" and self.wanted is Expected.IN:
            assert answer.status_code == 200, _told(answer)
        _check(answer, self.wanted)

    async def _list(self) -> None:
        """The record, and one's own beside it: what is listed, and what is counted, are those that one reaches."""
        mine, path = self.at_home, self.endpoint.path
        own = await self.world.record(self.kind, self.held_by(mine), path)
        other = await self.world.record(self.kind, self.held_by(self.relation), path)
        everything_hidden = expected(self.world, self.endpoint, self.role, mine) is Expected.HIDDEN
        reached = set() if everything_hidden else {own} | ({other} if self.wanted is Expected.IN else set())
        asked = {"limit": "100"} | ({"id": f"{own},{other}"} if path.startswith("/tmf-api/") else {})
        answer = await ask(self.world, self.endpoint, self.headers, **asked)
        assert answer.status_code == 200, _told(answer)
        named = self.world.listed_by.get(path, "id")
        found = [one[named] for one in answer.json()]
        assert {own, other} & set(found) == reached, f"lists {found}, not {reached}"
        assert int(answer.headers["X-Total-Count"]) == len(found), "it counts others than it lists"

    async def _making(self) -> None:
        answer = await ask(self.world, self.endpoint, self.headers)
        if self.wanted is Expected.HIDDEN:
            assert self.operation in self.world.names, "nobody has said which records its body may name"
            _check(answer, Expected.IN)
        else:
            _check(answer, self.wanted)

    async def _naming(self, named: Naming, whose: Whose) -> None:
        """Who does not reach what a body names is told that it is not there; whoever reaches it is not."""
        wanted = expected(self.world, self.endpoint, self.role, self.relation, whose)
        if wanted not in (Expected.IN, Expected.HIDDEN):
            return
        id = await self.world.record(named.record, holder(self.role, self.relation, whose))
        into = NOBODYS
        if is_of_one(self.endpoint):
            into = await self.world.record(self.kind, self.held_by(self.at_home))
        answer = await ask(self.world, self.endpoint, self.headers, into, body=named.body(id))
        assert answer.status_code < 500, _told(answer)
        codes = {one["code"] for one in answer.json()["reasons"]} if answer.status_code >= 400 else set()
        told = bool(codes & named.codes)
        assert told == (wanted is Expected.HIDDEN), f"naming a {named.record} ({wanted}): {_told(answer)}"


def _check(answer: httpx.Response, wanted: Expected) -> None:
    code = answer.json().get("code") if answer.status_code >= 400 else None
    if wanted is Expected.IN:
        assert answer.status_code not in (401, 404), _told(answer)
        assert answer.status_code < 500, _told(answer)
        assert code not in ("forbidden", "not-yours"), _told(answer)
    elif wanted is Expected.FORBIDDEN:
        assert (answer.status_code, code) == (403, "forbidden"), _told(answer)
    elif wanted is Expected.HIDDEN:
        assert (answer.status_code, code) == (404, "not-found"), _told(answer)
    else:
        assert answer.status_code == 403, _told(answer)


def _told(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.text[:300]}"
