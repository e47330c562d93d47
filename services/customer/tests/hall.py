"""What tests do with a customer service: people come to the hall, clerks write them down."""

import itertools
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx
from stdnum.cn import ric, uscc

from libs.database import Database
from libs.ids import new_id
from libs.messaging.topics import events
from tests.running import RunningService
from tests.topics import Published

PARTY = "/tmf-api/party/v4"
INDIVIDUAL = f"{PARTY}/individual"
ORGANIZATION = f"{PARTY}/organization"
CUSTOMER = "/tmf-api/customerManagement/v4/customer"
ACCOUNT = "/tmf-api/accountManagement/v4/billingAccount"
CHECKS = "/api/customer/v1/identityChecks"
FACTS = "/api/customer/v1/facts"
EVENTS = events("gd", "customer")
PHONE = "13012345678"
STREET = "广东省广州市天河区体育西路103号"
EMAIL = "zhangsan@example.com"

Who = str | Sequence[str]

_serial = itertools.count(1)


def resident_id(born: date = date(1990, 3, 7), sequence: int | None = None) -> str:
    """A formally valid number, a new one each time unless `sequence` is given."""
    serial = next(_serial) % 1000 if sequence is None else sequence
    region = 110101 if sequence is not None else (440103, 440104, 440105, 440106)[next(_serial) % 4]
    body = f"{region}{born:%Y%m%d}{serial:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


def credit_code() -> str:
    body = f"91440100MA59{next(_serial):05d}"
    return body + str(uscc.calc_check_digit(body))


def person(number: str | None = None, **more: Any) -> dict[str, Any]:
    """The body of an individual with everything personal that there is."""
    return {
        "familyName": "张",
        "givenName": "三",
        "birthDate": "1990-03-07T00:00:00+08:00",
        "individualIdentification": [
            {
                "identificationType": "resident-id",
                "identificationId": number or resident_id(),
                "issuingAuthority": "广州市公安局",
                "attachment": {"name": "front.jpg", "content": "c2VjcmV0"},
            }
        ],
        "contactMedium": [
            {"mediumType": "mobile", "characteristic": {"phoneNumber": PHONE}},
            {"mediumType": "email", "characteristic": {"emailAddress": EMAIL}},
            {"mediumType": "postalAddress", "characteristic": {"street1": STREET, "city": "广州市"}},
        ],
        **more,
    }


class Hall:
    """A running service in Guangdong, and those who speak to it."""

    def __init__(self, service: RunningService) -> None:
        self.service = service

    @property
    def db(self) -> Database:
        return self.service.db

    @property
    def clock(self) -> Any:
        return self.service.clock

    # -- speaking

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        role: Who = "hall-clerk",
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        **claims: Any,
    ) -> httpx.Response:
        roles = (role,) if isinstance(role, str) else tuple(role)
        given = self.service.bearer(*roles, key=key, **{"area": "020"} | claims) | (headers or {})
        return await self.service.client.request(
            method,
            path,
            content=None if body is None else body if isinstance(body, bytes) else json.dumps(body),
            headers=given,
            params=params,
        )

    async def post(self, path: str, body: Any, role: Who = "hall-clerk", **more: Any) -> httpx.Response:
        return await self.ask("POST", path, body, role, **more)

    async def get(self, path: str, role: Who = "hall-clerk", **more: Any) -> httpx.Response:
        return await self.ask("GET", path, None, role, **more)

    async def patch(self, path: str, body: Any, role: Who = "hall-clerk", **more: Any) -> httpx.Response:
        return await self.ask("PATCH", path, body, role, **more)

    async def delete(self, path: str, role: Who = "hall-clerk", **more: Any) -> httpx.Response:
        return await self.ask("DELETE", path, None, role, **more)

    # -- business

    async def individual(self, number: str | None = None, role: str = "hall-clerk", **more: Any) -> str:
        claims = more.pop("claims", {})
        answer = await self.post(INDIVIDUAL, person(number, **more), role, key=new_id(), **claims)
        return created(answer)

    async def organization(self, code: str | None = None, *agents: str, **more: Any) -> str:
        body = {
            "tradingName": "云帆公司",
            "organizationIdentification": [
                {"identificationType": "uscc", "identificationId": code or credit_code()}
            ],
            "relatedParty": [{"id": id, "role": "agent", "@referredType": "Individual"} for id in agents],
            **more,
        }
        return created(await self.post(ORGANIZATION, body, key=new_id()))

    async def customer(
        self, party: str | None = None, kind: str = "Individual", role: str = "hall-clerk", **more: Any
    ) -> str:
        claims = more.pop("claims", {})
        party = party or await self.individual(role=role, claims=claims)
        body = {"name": "张三", "engagedParty": {"id": party, "@referredType": kind}, **more}
        return created(await self.post(CUSTOMER, body, role, key=new_id(), **claims))

    async def account(self, customer: str | None = None, **more: Any) -> str:
        body = account_of(customer or await self.customer(), **more)
        return created(await self.post(ACCOUNT, body, key=new_id()))

    # -- looking behind the counter

    async def facts(self, what: str, id: str) -> dict[str, Any]:
        answer = await self.get(f"{FACTS}/{what}/{id}", "service")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def told(self, id: str, count: int = 1) -> list[Published]:
        """The events of one record, in their order, when there are so many."""
        return await self.service.topics.wait(EVENTS, count, where=lambda one: one.key == id)

    async def rows(self) -> dict[str, int]:
        """How many rows each table has: to see that a refusal left nothing behind."""
        names = ("individuals", "organizations", "identities", "organization_agents", "customers")
        more = ("billing_accounts", "identity_checks", "list_entries", "task_results", "idempotency_keys")
        return {name: await self.db.fetchval(f"SELECT count(*) FROM {name}") for name in (*names, *more)}

    async def everything_stored(self) -> str:
        """All rows of all tables as text, with what the outbox holds."""
        names = await self.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        parts = []
        for row in names:
            parts += await self.db.fetch(f"SELECT t::text AS row FROM {row['tablename']} AS t")
        payloads = await self.db.fetch("SELECT payload FROM outbox")
        return "\n".join(
            [*(one["row"] for one in parts), *(bytes(one["payload"]).decode() for one in payloads)]
        )


def account_of(customer: str, **more: Any) -> dict[str, Any]:
    party = {"id": customer, "role": "customer", "name": "张三", "@referredType": "Customer"}
    return {"name": "张三", "relatedParty": [party], **more}


def created(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def reasons(answer: httpx.Response) -> list[tuple[str, str | None]]:
    """Code and path of every reason of a refusal."""
    return [(one["code"], one.get("path")) for one in answer.json()["reasons"]]
