"""The customer service's records of everybody."""

from dataclasses import replace
from typing import Any

from libs.ids import new_id
from libs.node import HQ
from libs.security.roles import HALL_CLERK, SUPERVISOR
from services.customer.tests.hall import (
    ACCOUNT,
    CHECKS,
    CUSTOMER,
    INDIVIDUAL,
    ORGANIZATION,
    account_of,
    person,
    resident_id,
)
from tests.house.authorisation.people import Person, oneself
from tests.house.authorisation.world import World, naming
from tests.running import RunningService

ACCOUNTS = "/tmf-api/accountManagement/v4"
OURS = "/api/customer/v1"
NATIONAL = ("billFormat", "billPresentationMedia", "billingCycleSpecification")
SUPERVISORS = oneself(SUPERVISOR)


def party_named(type: str) -> Any:
    def body(id: str) -> Any:
        return {"name": "结算", "relatedParty": [{"id": id, "role": "x", "name": "x", "@referredType": type}]}

    return body


def agent(id: str) -> Any:
    party = {"id": id, "role": "agent", "@referredType": "Individual"}
    return {"tradingName": "云帆公司", "relatedParty": [party]}


def listed(id: str) -> Any:
    return {"customer": {"id": id}, "reason": "fraud"}


class Customers:
    """Everybody registers his own."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.world = World(
            service,
            {
                "individual": self.individual,
                "organization": self.organization,
                "customer": self.customer,
                "billing account": self.billing_account,
                "party account": self.account("partyAccount"),
                "settlement account": self.account("settlementAccount"),
                "financial account": self.account("financialAccount"),
                "bill format": self.national("billFormat"),
                "bill medium": self.national("billPresentationMedia"),
                "billing cycle": self.national("billingCycleSpecification"),
                "identity check": self.identity_check,
                "blacklist entry": self.entry("blacklist"),
                "redlist entry": self.entry("redlist"),
                "disclosure": self.disclosure,
                "branch": self.branch,
                "snapshot": self.snapshot,
            },
            bodies={
                **{("POST", f"{ACCOUNTS}/{name}"): lambda: {"name": "x"} for name in NATIONAL},
                **{("PATCH", f"{ACCOUNTS}/{name}/{{id}}"): described for name in NATIONAL},
                # At which node one writes there, is judged of what is well-formed.
                ("POST", f"{OURS}/blacklist"): lambda: listed("nobody"),
            },
            names={
                ("POST", INDIVIDUAL): (),
                ("POST", CHECKS): (),
                ("POST", ORGANIZATION): (naming("individual", agent, "agent-unknown"),),
                ("PATCH", f"{ORGANIZATION}/{{id}}"): (naming("individual", agent, "agent-unknown"),),
                ("POST", CUSTOMER): (
                    naming("individual", engaged("Individual"), "party-unknown"),
                    naming("organization", engaged("Organization"), "party-unknown"),
                ),
                ("POST", ACCOUNT): (naming("customer", account_of, "customer-unknown"),),
                **{
                    operation: (
                        naming("individual", party_named("Individual"), "party-unknown"),
                        naming("organization", party_named("Organization"), "party-unknown"),
                        naming("customer", party_named("Customer"), "party-unknown"),
                    )
                    for name in ("partyAccount", "settlementAccount", "financialAccount")
                    for operation in (
                        ("POST", f"{ACCOUNTS}/{name}"),
                        ("PATCH", f"{ACCOUNTS}/{name}/{{id}}"),
                    )
                },
                ("POST", f"{OURS}/blacklist"): (naming("customer", listed, "customer-unknown"),),
                ("POST", f"{OURS}/redlist"): (naming("customer", listed, "customer-unknown"),),
            },
            used_up=frozenset(
                {
                    ("DELETE", f"{OURS}/blacklist/{{id}}"),
                    ("DELETE", f"{OURS}/redlist/{{id}}"),
                    *(("DELETE", f"{ACCOUNTS}/{name}/{{id}}") for name in NATIONAL),
                }
            ),
            listed_by={f"{OURS}/disclosures": "record"},
        )

    async def individual(self, who: Person, path: str) -> str:
        return await self.world.post(INDIVIDUAL, person(), who)

    async def organization(self, who: Person, path: str) -> str:
        return await self.world.post(ORGANIZATION, {"tradingName": "云帆公司"}, who)

    async def customer(self, who: Person, path: str) -> str:
        return await self.world.post(CUSTOMER, engaged("Individual")(await self.individual(who, "")), who)

    async def billing_account(self, who: Person, path: str) -> str:
        return await self.world.post(ACCOUNT, account_of(await self.world.record("customer", who)), who)

    def account(self, name: str) -> Any:
        """Counters open none of some of these: whose such an account is, is then written beside it."""

        async def made(who: Person, path: str) -> str:
            body = {"name": "结算", "relatedParty": [party_named("Dealer")("d-1")["relatedParty"][0]]}
            id = await self.world.post(f"{ACCOUNTS}/{name}", body, SUPERVISORS)
            table = {"partyAccount": "party_accounts", "settlementAccount": "settlement_accounts"}
            care = who.care
            await self.service.db.execute(
                f"UPDATE {table.get(name, 'financial_accounts')}"
                " SET area = $2, dealer = $3, account_manager = $4 WHERE id = $1",
                id,
                care["area"],
                care.get("dealer"),
                care.get("accountManager"),
            )
            return id

        return made

    def national(self, name: str) -> Any:
        async def made(who: Person, path: str) -> str:
            return await self.world.post(f"{ACCOUNTS}/{name}", {"name": "x"}, SUPERVISORS)

        return made

    async def identity_check(self, who: Person, path: str) -> str:
        body = {
            "identificationType": "resident-id",
            "identificationId": resident_id(),
            "name": "张三",
            "method": "id-reader",
        }
        return await self.world.post(CHECKS, body, who)

    def entry(self, name: str) -> Any:
        async def made(who: Person, path: str) -> str:
            return await self.world.post(f"{OURS}/{name}", listed(await self.customer(who, "")), SUPERVISORS)

        return made

    async def branch(self, who: Person, path: str) -> str:
        """A customer that is headquarters' and has a branch in a province."""
        customer, now = await self.customer(who, ""), self.service.clock.now()
        if self.service.node != HQ:
            await self.service.db.execute(
                "INSERT INTO branches (customer, version, party, identity_digests, agent_digests, received)"
                " VALUES ($1, 1, 'x', '{}', '{}', $2)",
                customer,
                now,
            )
            return f"{customer}.{self.service.node}"
        await self.service.db.execute(
            "INSERT INTO branch_holders (customer, node, version, said, heard) VALUES ($1, 'gd', 1, $2, $2)",
            customer,
            now,
        )
        return f"{customer}.gd"

    async def disclosure(self, who: Person, path: str) -> str:
        """Somebody saw a person in full: the person's id."""
        id = await self.world.record("individual", who)
        # A dealer's clerk may not.
        clerk = replace(who, role=HALL_CLERK, dealer=None)
        headers, seen = clerk.headers(self.service), {"purpose": "counter-service"}
        answer = await self.service.client.get(f"{INDIVIDUAL}/{id}", params=seen, headers=headers)
        assert answer.status_code == 200, answer.text
        return id

    async def snapshot(self, who: Person, path: str) -> str:
        return await self.world.post(f"{OURS}/snapshots", {"kind": "customers"}, oneself("service"))


def engaged(kind: str) -> Any:
    def body(id: str) -> Any:
        return {"name": "张三", "engagedParty": {"id": id, "@referredType": kind}}

    return body


def described() -> Any:
    return {"description": f"seen {new_id()}"}
