"""The router's records: work of areas, and the figures of the whole tier."""

from datetime import timedelta
from typing import Any

from libs.clock import accounting_day
from libs.ids import new_id
from libs.security.roles import HQ_OPERATOR
from services.hq_router.tests.nodes import Nodes, fresh_number
from tests.engines import eventually
from tests.house.authorisation.people import Person, oneself
from tests.house.authorisation.world import World
from tests.running import Bench, RunningService

OURS = "/api/hq-router/v1"
OPERATOR = oneself(HQ_OPERATOR)


def because() -> Any:
    return {"reason": "x"}


class Router:
    """At headquarters alone."""

    def __init__(self, service: RunningService, bench: Bench) -> None:
        self.service = service
        self.nodes = Nodes(service, bench)
        self.world = World(
            service,
            {
                "forward": self.forward,
                "node": self.node,
                "switch": self.switch,
                "operator's act": self.act,
                "bill": self.bill,
                "bill total": self.bill_total,
                "reconciliation": self.reconciliation,
                "ported number": self.ported,
            },
            bodies={
                **{("POST", f"{OURS}/forwards/{{id}}/{act}"): because for act in ("hold", "release", "fail")},
                ("POST", f"{OURS}/reconciliations/{{id}}/repair"): because,
                ("POST", f"{OURS}/switches"): self.turned,
                ("POST", f"{OURS}/portedNumbers"): self.entered,
                ("PATCH", f"{OURS}/portedNumbers/{{id}}"): lambda: {"validFor": {"endDateTime": None}},
            },
            used_up=frozenset({("DELETE", f"{OURS}/portedNumbers/{{id}}")}),
            listed_by={f"{OURS}/switches": "business", f"{OURS}/billTotals": "collectedBy"},
        )

    async def forward(self, who: Person, path: str) -> str:
        """Work accepted in the area of a clerk."""
        accepted = self.nodes.acceptance("gd", area=who.area)
        sent = self.nodes.forward(fresh_number(), origin="gd", acceptance=accepted)
        await self.nodes.send(sent, "gd")

        async def written() -> Any:
            return await self.nodes.ledger(sent)

        return str((await eventually(written))["id"])

    async def node(self, who: Person, path: str) -> str:
        return "gd"

    def turned(self) -> Any:
        return {"business": f"x-{new_id()}", "state": "off", "reason": "x"}

    async def switch(self, who: Person, path: str) -> str:
        body = self.turned()
        headers = OPERATOR.headers(self.service, key=new_id())
        answer = await self.service.client.post(f"{OURS}/switches", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(body["business"])

    async def act(self, who: Person, path: str) -> str:
        business = await self.switch(who, "")
        found = await self.service.db.fetchval("SELECT id FROM operator_acts WHERE business = $1", business)
        return str(found)

    async def bill(self, who: Person, path: str) -> str:
        id, now = new_id(), self.service.clock.now()
        await self.service.db.execute(
            """INSERT INTO bills (collected_by, payment, work_order, kind, id, home, number, amount, accounting_day,
                                  version, late, acceptance, at, received)
               VALUES ('bj', $1, $1, 'payment', $1, 'gd', $2, 1, $3, 1, false, '{}', $4, $4)""",
            id,
            fresh_number(),
            accounting_day(now),
            now,
        )
        return id

    async def bill_total(self, who: Person, path: str) -> str:
        await self.bill(who, "")
        return "bj"

    async def reconciliation(self, who: Person, path: str) -> str:
        id, now = new_id(), self.service.clock.now()
        await self.service.db.execute(
            """INSERT INTO reconciliations (id, day, node, interface, direction, state, version, figures,
                                            router_count, router_amount, differences, created, updated)
               VALUES ($1, $2, 'bj', $1, 'up', 'missing', 0, '[]', 0, 0, 0, $3, $3)""",
            id,
            accounting_day(now),
            now,
        )
        return id

    def entered(self) -> Any:
        begin = self.service.clock.now() + timedelta(days=1)
        valid = {"startDateTime": begin.isoformat()}
        return {"number": fresh_number(), "operator": "unicom", "node": "bj", "validFor": valid}

    async def ported(self, who: Person, path: str) -> str:
        return await self.world.post(f"{OURS}/portedNumbers", self.entered(), OPERATOR)
