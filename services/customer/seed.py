"""What a province starts with: a few people, a company and its agent, each a customer with one billing account.

The names, numbers and addresses are made up; the identity numbers are formally valid. Ids are fixed for each node, so
that seeding again finds what is there and leaves it as it is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Table
from stdnum.cn import ric, uscc

from libs.database import Connection
from libs.node.register import HQ, NODES, Node
from libs.service import Runtime
from services.customer import tables
from services.customer.accounts.registration import open_account
from services.customer.customers.registration import make_customer
from services.customer.desk import Desk
from services.customer.facts.telling import customers_may_change
from services.customer.identity.rules import RESIDENT_ID, normal_number
from services.customer.parties.registration import register_party
from services.customer.parties.rules import AGENT, INDIVIDUAL, ORGANIZATION

# The first two digits of identity numbers (GB/T 2260).
_DIVISIONS = (
    "bj11 tj12 he13 sx14 nm15 ln21 jl22 hl23 sh31 js32 zj33 ah34 fj35 jx36 sd37 ha41 hb42 hn43 gd44 gx45 hi46"
    " cq50 sc51 gz52 yn53 xz54 sn61 gs62 qh63 nx64 xj65"
)
_PROVINCES = MappingProxyType({pair[:2]: pair[2:] for pair in _DIVISIONS.split()})


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person. `name` is how seeds and demonstrations call them."""

    name: str
    family: str
    given: str
    gender: str
    born: date
    sequence: int

    @property
    def full_name(self) -> str:
        return self.family + self.given


PEOPLE = (
    Person("chen", "陈", "晓明", "male", date(1998, 3, 7), 213),
    Person("lin", "林", "美玲", "female", date(1999, 11, 25), 428),
    Person("zhao", "赵", "志远", "male", date(2000, 6, 18), 137),
)
AGENT_OF_COMPANY = PEOPLE[1]
COMPANY = "company"


def seeded_id(node: str, what: str, name: str) -> str:
    """The id of a seeded record: `seeded_id("gd", "customer", "chen")`; individual, organization, billingAccount."""
    return str(uuid5(NAMESPACE_URL, f"unicrm:{node}:{what}:{name}"))


def resident_id(node: str, person: Person) -> str:
    """A formally valid resident id: of the first district of the province that existed when the person was born."""
    for district in range(101, 200):
        body = f"{_PROVINCES[node]}{district:04d}{person.born:%Y%m%d}{person.sequence:03d}"
        number = body + str(ric.calc_check_digit(body + "0"))
        if normal_number(RESIDENT_ID, number, date.max) and ric.is_valid(number):
            return number
    raise LookupError(f"no district of {node} is as old as {person.name}")


def credit_code(node: str) -> str:
    """A formally valid unified social credit code."""
    body = f"91{_PROVINCES[node]}0100MA5900001"
    return body + str(uscc.calc_check_digit(body))


async def seed(runtime: Runtime) -> None:
    """Fill the service of a province under development; headquarters begins without customers of its own.

    In production nobody is made up: a province begins without customers.
    """
    node = runtime.settings.register
    if node.code == HQ or not runtime.settings.development:
        return
    desk: Desk = runtime.state
    now = runtime.clock.now()
    async with runtime.db.transaction() as tx:
        await customers_may_change(tx)
        seeds = _Seeds(desk, tx, NODES[node.code], now)
        for person in PEOPLE:
            await seeds.individual(person)
        await seeds.company()
        for person in PEOPLE:
            await seeds.customer(person.name, person.full_name, INDIVIDUAL)
        await seeds.customer(COMPANY, seeds.company_name, ORGANIZATION)
    runtime.outbox.wake()


class _Seeds:
    """The service's own writes, each done unless its record is there."""

    def __init__(self, desk: Desk, tx: Connection, node: Node, now: datetime) -> None:
        self.desk = desk
        self.tx = tx
        self.node = node
        self.now = now
        self.company_name = f"{node.name_zh}云帆信息技术有限公司"

    async def individual(self, person: Person) -> None:
        document = {
            "familyName": person.family,
            "givenName": person.given,
            "fullName": person.full_name,
            "gender": person.gender,
            "birthDate": f"{person.born}T00:00:00+08:00",
            "nationality": "CN",
            "status": "validated",
            "individualIdentification": [
                {
                    "identificationType": RESIDENT_ID,
                    "identificationId": resident_id(self.node.code, person),
                }
            ],
            "contactMedium": self._contact(f"1380000{person.sequence:04d}", "人民路1号"),
        }
        await self._party(INDIVIDUAL, person.name, document, tables.individuals)

    async def company(self) -> None:
        document = {
            "tradingName": self.company_name,
            "name": self.company_name,
            "isLegalEntity": True,
            "organizationType": "company",
            "status": "validated",
            "organizationIdentification": [
                {"identificationType": "uscc", "identificationId": credit_code(self.node.code)}
            ],
            "contactMedium": self._contact("13800001000", "科技园8号"),
            "relatedParty": [
                {
                    "id": seeded_id(self.node.code, "individual", AGENT_OF_COMPANY.name),
                    "role": AGENT,
                    "name": AGENT_OF_COMPANY.full_name,
                    "@referredType": INDIVIDUAL,
                }
            ],
        }
        await self._party(ORGANIZATION, COMPANY, document, tables.organizations)

    async def customer(self, name: str, called: str, kind: str) -> None:
        """The customer that a party is, and its account."""
        code = self.node.code
        id = seeded_id(code, "customer", name)
        customer = {
            "name": called,
            "status": "active",
            "engagedParty": {
                "id": seeded_id(code, kind.lower(), name),
                "name": called,
                "@referredType": kind,
            },
            "characteristic": [{"name": "area", "value": self.node.area_codes[0]}],
        }
        await self._unless_there(
            tables.customers,
            id,
            lambda: make_customer(self.desk, self.tx, customer, id=id, actor=None, now=self.now),
        )
        account_id = seeded_id(code, "billingAccount", name)
        account = {
            "name": called,
            "state": "active",
            "relatedParty": [{"id": id, "role": "customer", "name": called, "@referredType": "Customer"}],
        }
        await self._unless_there(
            tables.billing_accounts,
            account_id,
            lambda: open_account(self.desk, self.tx, account, id=account_id, actor=None, now=self.now),
        )

    async def _party(self, kind: Any, name: str, document: dict[str, Any], table: Table) -> None:
        id = seeded_id(self.node.code, kind.lower(), name)
        await self._unless_there(
            table,
            id,
            lambda: register_party(self.desk, self.tx, kind, document, id=id, actor=None, now=self.now),
        )

    async def _unless_there(self, table: Table, id: str, make: Callable[[], Awaitable[object]]) -> None:
        if not await self.tx.fetchval(f"SELECT true FROM {table.name} WHERE id = $1", id):
            await make()

    def _contact(self, phone: str, street: str) -> list[dict[str, Any]]:
        return [
            {"mediumType": "mobile", "preferred": True, "characteristic": {"phoneNumber": phone}},
            {
                "mediumType": "postalAddress",
                "characteristic": {
                    "country": "CN",
                    "stateOrProvince": self.node.name_zh,
                    "street1": street,
                },
            },
        ]
