"""The owners' public APIs, as far as order acceptance asks them: a record as it was told, or none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import BaseModel
from sqlalchemy import MetaData

from libs.security.roles import SERVICE as A_SERVICE
from libs.security.roles import Roles
from libs.service import Service
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.routes import PUBLIC, Routes
from tests.running import Bench, RunningService

FACTS = (
    "/api/product/v1/facts/offerings",
    "/api/customer/v1/facts/customers",
    "/api/customer/v1/facts/billingAccounts",
    "/api/customer/v1/facts/identityChecks",
    "/api/resource/v1/facts/cardWritings",
)


@dataclass
class Asked:
    """What the owners have, what they were asked, and whether they answer."""

    token: str
    kept: dict[str, BaseModel] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    speaking: asyncio.Event = field(default_factory=asyncio.Event)

    def routes(self) -> Routes:
        made = Routes(tag="Facts")
        made.add("POST", "/oauth2/token", self._issue, allow=PUBLIC, operation_id="token")
        for path in FACTS:
            made.add("GET", f"{path}/{{id}}", self._tell, allow=Roles(A_SERVICE), operation_id=path)
        return made

    async def _issue(self, _: Call[None]) -> Answer:
        return Answer(200, {"access_token": self.token, "expires_in": 900})

    async def _tell(self, call: Call[None]) -> Answer:
        self.asked.append(call.path["id"])
        await self.speaking.wait()
        if call.path["id"] not in self.kept:
            raise Refusal(Reason(codes.NOT_FOUND))
        return Answer(200, self.kept[call.path["id"]].model_dump(mode="json", by_alias=True))


@asynccontextmanager
async def asked_at(bench: Bench, node: RunningService) -> AsyncIterator[Asked]:
    """Product, customer, resource and access of a node, there until the end of the block."""
    made = Asked(node.token(A_SERVICE, subject="order-acceptance", client=True))
    made.speaking.set()
    owners = Service("owners", "toy_owners", "The owners", MetaData(), (made.routes(),))
    prefix = node.settings.topic_prefix
    async with bench.running(owners, node=node.node, clock=node.clock, topic_prefix=prefix):
        yield made
