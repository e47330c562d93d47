"""The service access, wired."""

from datetime import timedelta

from libs.service import Runtime, Service, Timer
from services.access.operators.passwords import Passwords
from services.access.operators.seed import seed
from services.access.tables import METADATA
from services.access.tokens import api
from services.access.tokens.desk import Desk
from services.access.tokens.rules import WINDOW
from services.access.tokens.store import sweep_failures


async def _start(runtime: Runtime) -> Desk:
    return Desk(Passwords(cheap=runtime.settings.development))


async def _sweep(runtime: Runtime) -> None:
    await sweep_failures(runtime.db, runtime.clock.now() - WINDOW)


SERVICE = Service(
    name="access",
    package="access",
    title="Access 统一接入平台",
    tables=METADATA,
    routes=(api.routes,),
    timers=(Timer("sweep-failed-attempts", timedelta(minutes=5), _sweep),),
    start=_start,
    seed=seed,
)
