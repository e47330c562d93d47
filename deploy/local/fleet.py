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
from typing import Any

import httpx

from deploy.local import kafka, postgres
from deploy.local.accounts import Accounts
from deploy.local.children import Child, Children, Kind
from deploy.local.engines import Engines, launch_again, launch_engines, log_file, remove_data
from deploy.local.listening import bind
from deploy.local.nursery import Nursery
from deploy.local.page import write_page
from deploy.local.parts import MODULE, parts_of
from deploy.local.places import make_folder
from deploy.local.plan import EXECUTORS, FleetPlan, environment, outer_environment
from deploy.local.postgres import settle
from deploy.local.processes import Mark, last_lines
from deploy.local.simulators import MODULE as SIMULATORS
from deploy.local.simulators import simulators
from deploy.local.trouble import Trouble

ERRANDS = "deploy.local.errands"
Say = Callable[[str], None]
_LONGEST_ERRAND = 120.0
_ENGINE_STOPS = {"postgres": postgres.STOP, "kafka": kafka.STOP}
_ENGINE_KILLS = {"postgres": postgres.KILL, "kafka": kafka.KILL}


class Fleet:
    """A fleet that stands; `async with Fleet.standing(plan, say)` makes and unmakes it."""

    def __init__(self, plan: FleetPlan, say: Say) -> None:
        self.plan = plan
        self.engines: Engines
        self.accounts: dict[str, Accounts] = {}
        self.children = Children(say, self._write)
        self._nursery = Nursery(plan.folder / "nursery.log")
        self._say = say
        self._stands = False
        self._settling: asyncio.Task[None] | None = None

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
            fleet = cls(plan, say)
            watching: asyncio.Task[None] | None = None
            try:
                await fleet._raise()
                watching = asyncio.create_task(fleet.children.watch())
                yield fleet
            finally:
                for task in (watching, fleet._settling):
                    if task is not None:
                        task.cancel()
                        with suppress(asyncio.CancelledError):
                            await task
                await asyncio.shield(asyncio.to_thread(fleet._lower))

    async def _raise(self) -> None:
        """What need not wait for another is done beside it: there are two cores, and each is to be at work."""
        plan = self.plan
        self._nursery.open()
        starting = await launch_engines(plan.place, brief=plan.fresh)
        self.engines = starting.engines
        self._adopt_engines()
        code_is_read = asyncio.ensure_future(asyncio.to_thread(self._nursery.wait))
        codes, anew = ",".join(plan.nodes), ("anew",) if plan.fresh else ()

        async def databases() -> Mapping[str, Sequence[str]]:
            await asyncio.gather(starting.postgres_answers, code_is_read)
            services: Mapping[str, Sequence[str]] = await self._errand(
                "databases", plan.nodes[0], codes, *anew
            )
            self._say("PostgreSQL answers, and every service has its database")
            return services

        async def topics() -> None:
            await asyncio.gather(starting.kafka_answers, code_is_read)
            await self._errand("topics", plan.nodes[0], codes, *anew)
            self._say("Kafka answers, and the topics are there")

        services, *_ = await asyncio.gather(databases(), topics(), asyncio.to_thread(_make_keys, plan))
        for node in plan.nodes:
            told = environment(plan.told(node, self.engines))
            for part in parts_of(plan, node, services[node]):
                named = told | {"UNICRM_INSTANCE": part.name}
                self._start(part.name, part.kind, node, MODULE, part.arguments, named)
        for simulator in simulators(plan, self.engines):
            told = outer_environment() | dict(simulator.environment)
            self._start(simulator.name, "simulator", None, SIMULATORS, (simulator.name,), told)
        await asyncio.gather(*(self._seed(node) for node in plan.nodes))
        self._say("every service is seeded")
        await asyncio.gather(*(self.ready(node) for node in plan.nodes))
        self._say("every node is ready")
        self._stands = True
        self._write()
        if not plan.fresh and "postgres" in self.engines.processes:
            self._settling = asyncio.create_task(settle(self.engines.postgres_url))

    async def _seed(self, node: str) -> None:
        self.accounts[node] = Accounts(**await self._errand("seed", node))

    async def _errand(self, errand: str, node: str, *arguments: str) -> Any:
        """Have an errand done in a process of its own; its answer. Raises Trouble with the end of its log."""
        name = f"{errand}-{node}"
        answer, log = self.plan.folder / f"{name}.json", self.plan.folder / f"{name}.log"
        answer.unlink(missing_ok=True)
        told = environment(self.plan.told(node, self.engines))
        mark = self._nursery.bear(ERRANDS, (errand, str(answer), *arguments), log=log, environment=told)
        try:
            await asyncio.to_thread(mark.gone, _LONGEST_ERRAND)
            return json.loads(answer.read_text())
        except FileNotFoundError:
            raise Trouble(f"The fleet could not be prepared ({name}):\n{last_lines(log)}") from None
        finally:
            mark.send(SIGKILL)
            answer.unlink(missing_ok=True)

    async def ready(self, node: str, *, within: float = 60) -> None:
        """Wait until a node answers that all its services are. Raises Trouble with the end of a log if not."""
        end = time.monotonic() + within
        mine = self._named(node)
        async with httpx.AsyncClient(base_url=self.plan.url(node), timeout=5) as client:
            while time.monotonic() < end:
                if any(not child.alive and not child.due for child in mine):
                    break
                with suppress(httpx.TransportError):
                    if (await client.get("/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        fallen = next((child for child in mine if not child.alive), self.children[node])
        raise Trouble(f"{fallen.name} did not start:\n{fallen.last_words()}")

    @property
    def clock_file(self) -> Path | None:
        """Where the offset of its clock stands."""
        return self.plan.clock_file

    @property
    def addresses(self) -> Mapping[str, str]:
        """The front door of every node, by its code."""
        return {node: self.plan.url(node) for node in self.plan.nodes}

    def kill(self, name: str) -> None:
        """End a process, or all of a node, at once, as a power cut would, and leave it down until `revive`."""
        for child in self._named(name):
            child.held = True
            if child.mark is not None:
                child.mark.send(SIGKILL)
        for child in self._named(name):
            if child.mark is not None:
                child.mark.gone(5)

    async def revive(self, name: str) -> None:
        """Start what was killed; a node is ready when this returns."""
        for child in self._named(name):
            child.start()
        self._write()
        if name in self.plan.nodes:
            await self.ready(name)

    def _named(self, name: str) -> list[Child]:
        """All of a node, or the one process of this name. Raises KeyError."""
        return [child for child in self.children if child.node == name] or [self.children[name]]

    def _start(
        self,
        name: str,
        kind: Kind,
        node: str | None,
        module: str,
        arguments: Sequence[str],
        told: Mapping[str, str],
    ) -> None:
        log = self.plan.folder / f"{name}.log"

        def launch() -> Mark:
            return self._nursery.bear(module, arguments, log=log, environment=told)

        self.children.add(Child(name, kind, node, log, launch)).start()
        self._write()

    def _adopt_engines(self) -> None:
        for name, mark in self.engines.processes.items():

            def launch(name: str = name) -> Mark:
                return launch_again(self.plan.place, name, self.engines, brief=self.plan.fresh)

            log = log_file(self.plan.place, name)
            # What is thrown away need not be written down first.
            stop = _ENGINE_KILLS[name] if self.plan.fresh else _ENGINE_STOPS[name]
            self.children.add(Child(name, "engine", None, log, launch, stop, mark))

    def _lower(self) -> None:
        self.children.end("door")
        self.children.end("node", "service", "relay", "simulator")
        self._nursery.close()
        self.children.end("engine", within=30)
        self.plan.page_file.unlink(missing_ok=True)
        _marks_file(self.plan).unlink(missing_ok=True)

    def _write(self) -> None:
        marks = [child.mark.record() for child in self.children if child.mark is not None]
        _marks_file(self.plan).write_text(json.dumps(marks))
        if self._stands:
            write_page(self.plan, self.accounts, self.children)


def _make_keys(plan: FleetPlan) -> None:
    # Here and not above: it is read while the engines start.
    from libs.security.key_files import generate_keys

    generate_keys(plan.folder / "keys", [*plan.nodes, *EXECUTORS])


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
