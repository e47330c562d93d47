"""Headquarters' counter: an account manager who orders for a national group."""

from typing import Any

from services.order_acceptance.tests.bodies import presenter
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.owners import OPTION, PLAN

GROUP, PARTY, AGENT = "group-1", "party-of-group-1", ("resident-id", "110101198001019999")


def place(node: str) -> list[dict[str, str]]:
    return [{"id": node, "role": "province", "@referredType": "Node"}]


def member(item: str, node: str, *, quantity: int = 1, plan: str = PLAN, **more: Any) -> dict[str, Any]:
    """One item of a group order: so many subscriptions in a province."""
    return {
        "id": item,
        "action": "add",
        "quantity": quantity,
        "productOffering": {"id": plan},
        "product": {"place": place(node), **more},
    }


def option(item: str, relies_on: str) -> dict[str, Any]:
    return {
        "id": item,
        "action": "add",
        "productOffering": {"id": OPTION},
        "productOrderItemRelationship": [{"id": relies_on, "relationshipType": "reliesOn"}],
    }


class Headquarters(Counter):
    """As a hall clerk stands at a counter, an account manager sits at headquarters."""

    async def group(self, **more: Any) -> str:
        """The group customer, as headquarters' own customer service tells of it."""
        return await self.owners.customer(
            GROUP,
            kind="organization",
            name="云帆集团",
            party=PARTY,
            identityDigests=["d-company"],
            agentDigests=[self.owners.digest(AGENT)],
            **more,
        )

    async def opening(self, *items: dict[str, Any], policy: str | None = None, **more: Any) -> dict[str, Any]:
        """The body of an order that opens subscriptions for the group."""
        check = await self.check(AGENT)
        return {
            "category": "open-account",
            "relatedParty": [
                {"id": GROUP, "role": "customer", "@referredType": "Customer"},
                presenter(check),
            ],
            "productOrderItem": list(items),
            **({"policy": policy} if policy else {}),
            **more,
        }
