"""A national group at headquarters: what it orders for several provinces at once, together or each on its own."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stdnum.cn import uscc

from deploy.demo.groups import AGENT
from tests.faults.bodies import CHECKS, CUSTOMERS, OFFERINGS, PLANS, named, on_option, presenter
from tests.faults.client import Client

ORGANIZATIONS = "/tmf-api/party/v4/organization"
INDIVIDUALS = "/tmf-api/party/v4/individual"
HQ, MANAGER = "hq", "account-manager"
NAME, CODE = "远航集团有限公司", "91110000MA5900017"
BY_NUMBER = 0.3
"""The share of items that name a number; the others leave it to the province."""
CHANGES = 0.4
"""The share of group orders that change subscriptions which are there, and open none."""


@dataclass
class Group:
    """The group as its account manager knows it."""

    client: Client
    chance: random.Random
    customer: str = ""
    plans: list[str] = field(default_factory=list)

    async def settle(self) -> None:
        """Register it, with its agent; before anything is broken."""
        agent = await self._made(
            INDIVIDUALS,
            {
                "givenName": AGENT.name[1:],
                "familyName": AGENT.name[:1],
                "individualIdentification": [
                    {"identificationType": AGENT.kind, "identificationId": AGENT.identification}
                ],
            },
        )
        organization = await self._made(
            ORGANIZATIONS,
            {
                "tradingName": NAME,
                "name": NAME,
                "isLegalEntity": True,
                "organizationIdentification": [
                    {
                        "identificationType": "uscc",
                        "identificationId": CODE + str(uscc.calc_check_digit(CODE)),
                    }
                ],
                "relatedParty": [
                    {"id": agent, "role": "agent", "name": AGENT.name, "@referredType": "Individual"}
                ],
            },
        )
        self.customer = await self._made(
            CUSTOMERS,
            {
                "name": NAME,
                "status": "active",
                "engagedParty": {"id": organization, "@referredType": "Organization"},
            },
        )
        for name in PLANS:
            found = await self.client.get(HQ, OFFERINGS, role=MANAGER, name=name, limit=1)
            self.plans.append(str(found[0]["id"]))

    async def order(
        self, provinces: Mapping[str, Sequence[str]], numbers: Sequence[str], options: Sequence[str]
    ) -> dict[str, Any] | None:
        """The body of an order: subscriptions in these provinces, or an option for these numbers.

        `provinces` name the numbers that may be asked for there, one at most. None where the agent could not show
        who he is. Raises Unanswered.
        """
        policy = self.chance.choice(("all-or-nothing", "best-effort"))
        if len(numbers) > 1 and self.chance.random() < CHANGES:
            option = self.chance.choice(options)
            items = [on_option("subscribe", number, option) | {"id": number} for number in numbers]
            return {"category": "subscribe", "policy": policy, "productOrderItem": items}
        check = await self._check()
        if check is None:
            return None
        return {
            "category": "open-account",
            "policy": policy,
            "relatedParty": [
                {"id": self.customer, "role": "customer", "@referredType": "Customer"},
                presenter(check),
            ],
            "productOrderItem": [
                self._member(str(n), node, wanted) for n, (node, wanted) in enumerate(provinces.items(), 1)
            ],
        }

    def _member(self, item: str, node: str, wanted: Sequence[str]) -> dict[str, Any]:
        numbers = {"msisdn": wanted[0]} if wanted else {}
        return {
            "id": item,
            "action": "add",
            "quantity": 1 if wanted else self.chance.choice((1, 1, 2)),
            "productOffering": {"id": self.chance.choice(self.plans)},
            "product": {
                "place": [{"id": node, "role": "province", "@referredType": "Node"}],
                "productCharacteristic": named(**numbers),
            },
        }

    async def _check(self) -> str | None:
        body = {
            "identificationType": AGENT.kind,
            "identificationId": AGENT.identification,
            "name": AGENT.name,
            "method": "id-reader",
        }
        made = await self.client.post(HQ, CHECKS, body, role=MANAGER)
        return str(made["id"]) if made else None

    async def _made(self, path: str, body: dict[str, Any]) -> str:
        made = await self.client.post(HQ, path, body, role=MANAGER)
        assert made is not None, f"headquarters did not register {body}"
        return str(made["id"])
