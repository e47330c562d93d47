"""PostgreSQL and Kafka, started side by side, or the servers that the environment names instead."""

import asyncio
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local import kafka, postgres
from deploy.local.fetch import programs
from deploy.local.filled import begin_filled
from deploy.local.places import LOCAL, make_folder, open_to_postgres
from deploy.local.processes import Mark


@dataclass(frozen=True)
class Engines:
    """Where the engines answer, and which of them are ours to stop."""

    postgres_url: str
    """`postgresql://user:password@host:port`, without a database."""
    kafka: str
    """`host:port`"""
    processes: Mapping[str, Mark] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        return {
            "postgres_url": self.postgres_url,
            "kafka": self.kafka,
            "processes": {name: mark.record() for name, mark in self.processes.items()},
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Engines":
        marks = {name: Mark.read(mark) for name, mark in record["processes"].items()}
        return cls(str(record["postgres_url"]), str(record["kafka"]), marks)

    @property
    def alive(self) -> bool:
        return all(mark.alive for mark in self.processes.values())

    def stop(self, *, keep_data: bool = True) -> None:
        """Stop what is ours, both at once. Without `keep_data` nothing is written to the disk any more."""
        signals = {"postgres": postgres.STOP, "kafka": kafka.STOP}
        if not keep_data:
            signals = {"postgres": postgres.KILL, "kafka": kafka.KILL}
        for name, mark in self.processes.items():
            mark.send(signals[name])
        for name, mark in self.processes.items():
            mark.stop(signals[name], within=30)


def external() -> dict[str, str]:
    """The servers named by `UNICRM_POSTGRES_URL` and `UNICRM_KAFKA`: `postgres_url`, `kafka`, or none of them."""
    named = {"postgres_url": os.environ.get("UNICRM_POSTGRES_URL"), "kafka": os.environ.get("UNICRM_KAFKA")}
    return {name: value.rstrip("/") for name, value in named.items() if value}


@dataclass(frozen=True)
class Starting:
    """Engines that were launched; each answers when its `…_answers` is over. Those raise Trouble."""

    engines: Engines
    postgres_answers: Awaitable[None]
    kafka_answers: Awaitable[None]


async def launch_engines(
    place: str, *, durable: bool = True, brief: bool = False, outlive: bool = False
) -> Starting:
    """Launch what the environment does not name, with the data of `.local/<place>`.

    `durable`: what is committed survives a kill, and a power cut. `brief`: they will not live long, and see no power
    cut. `outlive`: they stay when we end. Raises Trouble when a program is missing; then nothing is left running.
    """
    found = external()
    answers: dict[str, Awaitable[None]] = {}
    processes: dict[str, Mark] = {}
    if len(found) < 2:
        make_folder(LOCAL / place)
        programs()
    try:
        if "kafka" not in found:
            await kafka.read_classes_once(programs().kafka)
            broker = _launch_kafka(place, brief=brief, outlive=outlive)
            processes["kafka"], found["kafka"] = broker.mark, broker.address
            answers["kafka"] = asyncio.ensure_future(broker.ready())
        if "postgres_url" not in found:
            if not (_postgres_folder(place) / "data").is_dir():
                await begin_filled(programs().postgres, _postgres_folder(place), sync=durable and not brief)
            server = _launch_postgres(place, durable=durable, brief=brief, outlive=outlive)
            processes["postgres"], found["postgres_url"] = server.mark, server.url
            answers["postgres"] = asyncio.ensure_future(server.ready())
    except BaseException:
        for answer in answers.values():
            asyncio.ensure_future(answer).cancel()
        Engines("", "", processes).stop(keep_data=durable)
        raise
    engines = Engines(found["postgres_url"], found["kafka"], processes)
    return Starting(engines, answers.get("postgres", _there()), answers.get("kafka", _there()))


def _there() -> Awaitable[None]:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done


async def start_engines(place: str, *, durable: bool = True, outlive: bool = False) -> Engines:
    """As `launch_engines`; ready when this returns. Raises Trouble when one does not start, and leaves none running.

    Those that are not durable are not for long either.
    """
    starting = await launch_engines(place, durable=durable, brief=not durable, outlive=outlive)
    try:
        await asyncio.gather(starting.postgres_answers, starting.kafka_answers)
    except BaseException:
        starting.engines.stop(keep_data=durable)
        raise
    return starting.engines


def launch_again(place: str, name: str, engines: Engines, *, brief: bool = False) -> Mark:
    """Start an engine that ended, on its data and at the address that it had; `brief`: it will not live long.

    Raises KeyError for another name.
    """
    if name == "kafka":
        return _launch_kafka(place, brief=brief, outlive=False, port=_port(engines.kafka)).mark
    if name == "postgres":
        port = _port(engines.postgres_url)
        return _launch_postgres(place, durable=True, brief=brief, outlive=False, port=port).mark
    raise KeyError(name)


def _launch_kafka(place: str, *, brief: bool, outlive: bool, port: int | None = None) -> kafka.Broker:
    folder, log = make_folder(LOCAL / place / "kafka"), log_file(place, "kafka")
    return kafka.launch(programs().kafka, folder, log, brief=brief, outlive=outlive, port=port)


def _launch_postgres(
    place: str, *, durable: bool, brief: bool, outlive: bool, port: int | None = None
) -> postgres.Server:
    folder, log = _postgres_folder(place), log_file(place, "postgres")
    # A server that is killed loses nothing by it, only one whose power is cut; and it is back the sooner.
    settings = {"fsync": "off"} if brief else {}
    return postgres.launch(
        programs().postgres, folder, log, durable=durable, outlive=outlive, port=port, settings=settings
    )


def _postgres_folder(place: str) -> Path:
    return open_to_postgres() / place / "postgres"


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def log_file(place: str, name: str) -> Path:
    """Where an engine of `.local/<place>` says what it has to say."""
    return LOCAL / place / f"{name}.log"


@asynccontextmanager
async def running_engines(place: str, *, durable: bool = True) -> AsyncIterator[Engines]:
    """Engines for as long as the block runs; they die with us if we cannot end it."""
    engines = await start_engines(place, durable=durable)
    try:
        yield engines
    finally:
        await asyncio.to_thread(engines.stop, keep_data=durable)


def remove_data(place: str) -> None:
    """Forget what the engines of `.local/<place>` hold. They must not run.

    It is only moved aside here, and removed by a process in the background: that takes seconds on a busy disk.
    """
    for folder in {LOCAL / place, open_to_postgres() / place}:
        for name in ("postgres", "kafka"):
            if (folder / name).exists():
                (folder / name).rename(folder / f".old-{name}-{secrets.token_hex(4)}")
        old = [str(part) for part in folder.glob(".old-*")]
        if old:
            subprocess.Popen(["rm", "-rf", *old], stdin=subprocess.DEVNULL, start_new_session=True)
