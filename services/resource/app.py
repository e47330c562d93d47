"""The resource service, wired."""

from datetime import timedelta
from typing import Any

from contracts.events import CardWritingChanged
from contracts.tasks import Task, TaskResult
from libs.messaging import Handles, Publishes
from libs.messaging.topics import events, results, tasks
from libs.rebuilding import Republishes
from libs.service import Service, Timer
from services.resource.cards.api import routes as card_routes
from services.resource.hub import HUB
from services.resource.inventory.api import routes as inventory_routes
from services.resource.inventory.store import come_free
from services.resource.numbers.api import routes as number_routes
from services.resource.profiles.api import routes as profile_routes
from services.resource.reservations.api import routes as reservation_routes
from services.resource.seed import seed
from services.resource.tables import METADATA
from services.resource.tasks.messages import EXECUTOR, carry_out, given_up
from services.resource.writings.api import facts as writing_facts
from services.resource.writings.api import routes as writing_routes
from services.resource.writings.telling import count_writings, page_of_writings


async def _expire(runtime: Any) -> None:
    await come_free(runtime.db, runtime.clock.now())


SERVICE = Service(
    name=EXECUTOR,
    package="resource",
    title="Resource: numbers, cards, SIM profiles",
    tables=METADATA,
    hubs=(HUB,),
    routes=(
        *inventory_routes,
        number_routes,
        card_routes,
        profile_routes,
        reservation_routes,
        writing_routes,
        writing_facts,
    ),
    handles=(
        Handles(topic=lambda node: tasks(node, EXECUTOR), model=Task, handler=carry_out, when_dead=given_up),
    ),
    publishes=(
        Publishes(topic=lambda node: results(node, "order-acceptance"), models=(TaskResult,)),
        Publishes(topic=lambda node: events(node, EXECUTOR), models=(CardWritingChanged,)),
    ),
    republishes=(Republishes("cardWritings", page_of_writings, count_writings),),
    timers=(Timer("expire", timedelta(seconds=5), _expire),),
    seed=seed,
)
