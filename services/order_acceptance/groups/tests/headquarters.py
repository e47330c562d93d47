"""Headquarters' counter: an account manager who orders for a national group."""

from typing import Any

from contracts.tasks import Task
from contracts.work_orders import Forward
from services.order_acceptance.tests.bodies import presenter
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import OPTION, PLAN
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService

CANCELS = "/tmf-api/productOrderingManagement/v4/cancelProductOrder"
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


def together(*bodies: dict[str, Any], policy: str | None = None, **more: Any) -> dict[str, Any]:
    """One order for what each of these bodies asks for one subscription; its items are numbered."""
    items = [item for body in bodies for item in body["productOrderItem"]]
    return {
        "category": bodies[0]["category"],
        "relatedParty": bodies[0]["relatedParty"],
        "productOrderItem": [{**item, "id": str(i)} for i, item in enumerate(items, 1)],
        **({"policy": policy} if policy else {}),
        **more,
    }


def of_group(customer: str) -> list[dict[str, str]]:
    return [{"id": customer, "role": "customer", "@referredType": "Customer"}]


def left(order: str, *provinces: Others) -> list[str]:
    """What was done for an order and not taken back; a branch is a copy, and stays."""
    return [name for one in provinces for name in one.left_behind(order) if name != "open-branch"]


async def asked(of: Others, order: str, name: str) -> Task:
    """The first task of this name that was asked for an order."""
    found = await eventually(lambda: [task for task in of.of(order) if task.name == name])
    return found[0]


async def at_home(service: RunningService, order: str, state: str) -> int:
    """How many children of an order are in a state at this node."""
    sql = "SELECT count(*) FROM work_orders WHERE order_id = $1 AND part = 'home' AND state = $2"
    return int(await service.db.fetchval(sql, order, state))


async def ready(service: RunningService, order: str) -> int:
    return await at_home(service, order, "ready")


def forwards_of(router: Router, order: str) -> list[Forward]:
    return [one for one in router.forwards if one.order == order]


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

    async def cancel(self, order: str) -> str:
        """Want an order back; the id of the wish."""
        made = await self.post(CANCELS, {"productOrder": {"id": order}})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def wish(self, id_: str) -> str:
        """How a wish to cancel stands."""
        return str((await self.get(f"{CANCELS}/{id_}")).json()["state"])

    async def locks(self) -> int:
        """How many subscriptions are locked by groups."""
        return int(await self.service.db.fetchval("SELECT count(*) FROM group_locks"))

    async def opening(self, *items: dict[str, Any], policy: str | None = None, **more: Any) -> dict[str, Any]:
        """The body of an order that opens subscriptions for the group."""
        check = await self.check(AGENT)
        return {
            "category": "open-account",
            "relatedParty": [*of_group(GROUP), presenter(check)],
            "productOrderItem": list(items),
            **({"policy": policy} if policy else {}),
            **more,
        }
