"""The whole fleet on one machine: engines, databases, keys, topics, nodes, simulators; started, watched, stopped."""

import asyncio
import fcntl
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

import httpx

from deploy.local import kafka, postgres
from deploy.local.children import Child, Children, Kind
from deploy.local.engines import Engines, launch_again, log_file, remove_data, start_engines
from deploy.local.node import bind
from deploy.local.page import write_page
from deploy.local.places import ROOT, make_folder
from deploy.local.plan import EXECUTORS, FleetPlan, environment, outer_environment, python_command
from deploy.local.preparation import Accounts, prepare_databases, prepare_topics, seed
from deploy.local.processes import Mark, start
from deploy.local.simulators import Simulator, simulators
from deploy.local.trouble import Trouble
from deploy.services import services_at
from libs.security.key_files import generate_keys

Say = Callable[[str], None]
_ENGINE_STOPS = {"postgres": postgres.STOP, "kafka": kafka.STOP}
_ENGINE_KILLS = {"postgres": postgres.KILL, "kafka": kafka.KILL}


class Fleet:
    """A fleet that stands; `async with Fleet.standing(plan, say)` makes and unmakes it."""

    def __init__(self, plan: FleetPlan, engines: Engines, say: Say) -> None:
        self.plan = plan
        self.engines = engines
        self.accounts: dict[str, Accounts] = {}
        self.children = Children(say, self._write)
        self._say = say
        self._stands = False

    @classmethod
    @asynccontextmanager
    async def standing(cls, plan: FleetPlan, say: Say) -> AsyncIterator["Fleet"]:
        """Everything started, ready and seeded; nothing of it runs after the block, however it ends.

        `say` gets a line for each piece. Raises Trouble when one does not start.
        """
        with _only_one(plan):
            _end_what_was_left(plan)
            for node in plan.nodes:
                bind("127.0.0.1", plan.port(node)).close()
            if plan.fresh:
                _forget(plan)
            began = time.monotonic()
            # While the engines start on one core, the services are read on the other.
            reading = asyncio.create_task(asyncio.to_thread(_read_services))
            fleet = cls(plan, await start_engines(plan.place), say)
            watching: asyncio.Task[None] | None = None
            try:
                say(_took("PostgreSQL and Kafka answer", began))
                fleet._adopt_engines()
                await reading
                await fleet._raise()
                watching = asyncio.create_task(fleet.children.watch())
                yield fleet
            finally:
                if watching is not None:
                    watching.cancel()
                    with suppress(asyncio.CancelledError):
                        await watching
                await asyncio.shield(asyncio.to_thread(fleet._lower))

    async def _raise(self) -> None:
        plan, began = self.plan, time.monotonic()
        nodes = [plan.settings(node, self.engines) for node in plan.nodes]
        generate_keys(plan.folder / "keys", [*plan.nodes, *EXECUTORS])
        await asyncio.gather(
            prepare_databases(nodes, anew=plan.fresh), prepare_topics(nodes, anew=plan.fresh)
        )
        self._say(_took("databases and topics are there", began))
        began = time.monotonic()
        for settings in nodes:
            command = python_command("node")
            self._start(settings.node, "node", settings.node, command, environment(settings))
        for simulator in simulators(plan, self.engines):
            self._start_simulator(simulator)
        made = await asyncio.gather(*(seed(services_at(node.tier), node) for node in nodes))
        self.accounts = dict(zip(plan.nodes, made, strict=True))
        self._say(_took("every service is seeded", began))
        await asyncio.gather(*(self.ready(node) for node in plan.nodes))
        self._say(_took("every node is ready", began))
        self._stands = True
        self._write()

    async def ready(self, node: str, *, within: float = 60) -> None:
        """Wait until a node answers that all its services are. Raises Trouble with the end of its log if not."""
        end = time.monotonic() + within
        child = self.children[node]
        async with httpx.AsyncClient(base_url=self.plan.url(node), timeout=5) as client:
            while time.monotonic() < end:
                if not child.alive and not child.due:
                    break
                with suppress(httpx.TransportError):
                    if (await client.get("/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise Trouble(f"The node {node} did not start:\n{child.last_words()}")

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would, and leave it down until `revive`."""
        child = self.children[name]
        child.held = True
        if child.mark is not None:
            child.mark.stop(SIGKILL)

    async def revive(self, name: str) -> None:
        """Start a process that was killed; a node is ready when this returns."""
        self.children[name].start()
        self._write()
        if name in self.plan.nodes:
            await self.ready(name)

    def _start(
        self, name: str, kind: Kind, node: str | None, command: Sequence[str], told: Mapping[str, str]
    ) -> None:
        log = self.plan.folder / f"{name}.log"

        def launch() -> Mark:
            # When we are killed, engines end as they should, and nodes at once: theirs is written down.
            return Mark.of(start(command, log=log, environment=told, folder=ROOT, with_us=SIGKILL).pid)

        self.children.add(Child(name, kind, node, log, launch)).start()
        self._write()

    def _start_simulator(self, simulator: Simulator) -> None:
        told = outer_environment() | dict(simulator.environment)
        self._start(simulator.name, "simulator", None, simulator.command, told)

    def _adopt_engines(self) -> None:
        for name, mark in self.engines.processes.items():

            def launch(name: str = name) -> Mark:
                return launch_again(self.plan.place, name, self.engines)

            log = log_file(self.plan.place, name)
            # What is thrown away need not be written down first.
            stop = _ENGINE_KILLS[name] if self.plan.fresh else _ENGINE_STOPS[name]
            self.children.add(Child(name, "engine", None, log, launch, stop, mark))

    def _lower(self) -> None:
        self.children.end("node", "simulator")
        self.children.end("engine", within=30)
        self.plan.page_file.unlink(missing_ok=True)
        _marks_file(self.plan).unlink(missing_ok=True)

    def _write(self) -> None:
        marks = [child.mark.record() for child in self.children if child.mark is not None]
        _marks_file(self.plan).write_text(json.dumps(marks))
        if self._stands:
            write_page(self.plan, self.accounts, self.children)


def _read_services() -> None:
    services_at("hq"), services_at("province")


def _took(what: str, began: float) -> str:
    return f"{what} ({time.monotonic() - began:.1f} s)"


def _marks_file(plan: FleetPlan) -> Path:
    """Which processes are ours, for the next start: where a killed fleet could not end them."""
    return plan.folder / "processes.json"


def _end_what_was_left(plan: FleetPlan) -> None:
    plan.page_file.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        left = [Mark.read(record) for record in json.loads(_marks_file(plan).read_text())]
        for mark in left:
            mark.send(SIGTERM)
        for mark in left:
            mark.stop()
        _marks_file(plan).unlink()


def _forget(plan: FleetPlan) -> None:
    """Begin with nothing: keys, journals and the clock go at once, what the engines hold is removed meanwhile."""
    remove_data(plan.place)
    for part in ("keys", "simulators"):
        shutil.rmtree(plan.folder / part, ignore_errors=True)
    for file in (plan.clock_file, *plan.folder.glob("*.log")):
        file.unlink(missing_ok=True)


@contextmanager
def _only_one(plan: FleetPlan) -> Iterator[None]:
    with (make_folder(plan.folder) / "fleet.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"This fleet is up already (`.local/{plan.place}`); stop it first.") from None
        yield
