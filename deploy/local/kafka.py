"""Kafka of a fleet: one broker in KRaft mode on free ports of 127.0.0.1."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.fetch import java
from deploy.local.places import make_folder
from deploy.local.processes import Mark, free_port, last_lines, start
from deploy.local.trouble import Trouble

STOP = Signals.SIGTERM
KILL = Signals.SIGKILL

_CLUSTER = "dW5pY3JtLWxvY2FsLWZsdA"  # Sixteen bytes in base64; one name does for all local fleets.
_LOGGING = Path(__file__).with_name("log4j2.properties")
_JVM = ("-Xmx320m", "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={_LOGGING}")
# What lives for a minute is not worth the second compiler: half of the processor time of a start.
_BRIEF = ("-XX:TieredStopAtLevel=1",)
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "num.partitions": "2",
    "auto.create.topics.enable": "false",
    "message.max.bytes": "1048576",
    "offsets.retention.minutes": str(30 * 24 * 60),
    # A group of one has nobody to wait for.
    "group.initial.rebalance.delay.ms": "0",
    # After a kill the broker waits for the end of its former self's session: 9 s if left alone.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "1000",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
}


@dataclass(frozen=True)
class Broker:
    """A broker that was started; `ready()` before use."""

    address: str
    mark: Mark
    log: Path

    async def ready(self, *, within: float = 60) -> None:
        """Wait until it answers and knows itself. Raises Trouble with the end of its log if it does not."""
        host, port = self.address.split(":")
        end = time.monotonic() + within
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
                writer.close()
                admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
                await admin.start()
                try:
                    cluster = await admin.describe_cluster()
                finally:
                    await admin.close()
                if cluster["brokers"]:
                    return
            except (OSError, KafkaError):
                if not self.mark.alive or time.monotonic() > end:
                    raise Trouble(f"Kafka did not start:\n{last_lines(self.log)}") from None
            await asyncio.sleep(0.02)


def launch(
    programs: Path, folder: Path, log: Path, *, outlive: bool, brief: bool = False, port: int | None = None
) -> Broker:
    """Start a broker on the data in `folder`, which is made when it is not there. Raises Trouble.

    `outlive`: it stays when we end. `brief`: it will not live long. `port`: a free one unless given.
    """
    archive = _archive(programs)
    jvm = (
        *(_BRIEF if brief else ()),
        *((f"-XX:SharedArchiveFile={archive}",) if _holds_something(archive) else ()),
    )
    return _start(programs, folder, log, jvm, outlive=outlive, port=port)


def _start(
    programs: Path, folder: Path, log: Path, jvm: Sequence[str], *, outlive: bool, port: int | None = None
) -> Broker:
    data = folder / "data"
    if not data.is_dir():
        _copy_whole(_formatted(programs), data)
    port, control = port or free_port(), free_port()
    listeners = {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"1@127.0.0.1:{control}",
        "log.dirs": str(data),
    }
    settings = str(_write(folder, _SETTINGS | listeners))
    process = start(
        [java(), *_JVM, *jvm, "-cp", f"{programs}/*", "kafka.Kafka", settings],
        log=log,
        folder=folder,
        with_us=None if outlive else STOP,
    )
    return Broker(f"127.0.0.1:{port}", Mark.of(process.pid), log)


def _archive(programs: Path) -> Path:
    """Where the classes of a broker lie as Java has read them once; of this Java and no other."""
    program = Path(java()).resolve()
    mark = hashlib.sha256(f"{program} {program.stat().st_mtime_ns}".encode()).hexdigest()[:8]
    return programs.with_name(f"{programs.name}-{mark}.jsa")


def _holds_something(archive: Path) -> bool:
    return archive.is_file() and archive.stat().st_size > 0


async def read_classes_once(programs: Path) -> None:
    """Let Java keep what it reads at the start of a broker: the next starts take a third of the time.

    Where that does not succeed brokers start as they would without. Raises Trouble when none starts at all.
    """
    archive = _archive(programs)
    if archive.exists():
        return
    from libs.messaging.topics import ensure_topics

    scratch = Path(tempfile.mkdtemp(prefix=".fetching-", dir=programs.parent))
    try:
        made = scratch / "archive"
        broker = _start(
            programs, scratch, scratch / "log", (f"-XX:ArchiveClassesAtExit={made}",), outlive=False
        )
        try:
            await broker.ready()
            await ensure_topics(broker.address, ["one"], 1)
        finally:
            await asyncio.to_thread(broker.mark.stop, STOP, within=30)
        # Nobody tries again for each start where Java cannot do it.
        made.touch()
        os.replace(made, archive)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _formatted(programs: Path) -> Path:
    """An empty, formatted data folder to copy from: formatting costs a start of Java."""
    formatted = programs.with_name(f"{programs.name}-formatted")
    if not formatted.is_dir():
        scratch = Path(tempfile.mkdtemp(prefix=".fetching-", dir=programs.parent))
        listeners = {
            "listeners": "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2",
            "controller.quorum.voters": "1@127.0.0.1:2",
            "log.dirs": str(scratch / "data"),
        }
        file = _write(scratch, _SETTINGS | listeners)
        command = [java(), *_JVM, "-cp", f"{programs}/*", "kafka.tools.StorageTool"]
        done = subprocess.run(
            [*command, "format", "-t", _CLUSTER, "-c", str(file)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise Trouble(f"Kafka could not make its data folder: {(done.stderr or done.stdout).strip()}")
        try:
            (scratch / "data").rename(formatted)
        except OSError:
            if not formatted.is_dir():
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return formatted


def _copy_whole(source: Path, target: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=make_folder(target.parent)))
    shutil.copytree(source, scratch, dirs_exist_ok=True)
    scratch.rename(target)


def _write(folder: Path, settings: dict[str, str]) -> Path:
    file = folder / "server.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return file
