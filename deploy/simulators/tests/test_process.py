"""The processes themselves, against real Kafka: started, asked, killed, stopped."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts.tasks import Task
from deploy.local.engines import Engines
from deploy.simulators.tests.asking import activate, post, start_billing, swap, undo
from libs.security.keys import Keys
from libs.security.sealing import seal
from tests.topics import Published, Topics

PRODUCTION = "{}.production.tasks"
Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def topics(engines: Engines, topic_prefix: str) -> AsyncIterator[Topics]:
    producer = AIOKafkaProducer(bootstrap_servers=engines.kafka)
    await producer.start()
    yield Topics(engines.kafka, topic_prefix, producer, 2)
    await producer.stop()


@pytest.fixture
async def start(engines: Engines, topics: Topics, keys_folder: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a simulator for bj and gd; each system has one journal for the whole test."""
    started: list[asyncio.subprocess.Process] = []

    async def run(system: str, **settings: Any) -> asyncio.subprocess.Process:
        told = {
            "UNICRM_KAFKA": engines.kafka,
            "UNICRM_TOPIC_PREFIX": topics.prefix,
            "UNICRM_TOPIC_PARTITIONS": "2",
            "UNICRM_KEYS_DIR": str(keys_folder / "production"),
            "UNICRM_SIMULATOR_NODES": "bj,gd",
            "UNICRM_SIMULATOR_JOURNAL": str(tmp_path / system / "journal"),
            **{f"UNICRM_SIMULATOR_{name.upper()}": str(value) for name, value in settings.items()},
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.simulators", system, env={**os.environ, **told}
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ask(topics: Topics, *tasks: Task) -> None:
    for task in tasks:
        await topics.put(PRODUCTION.format(task.node), task.work_order, task, subject=task.order)


async def answers(topics: Topics, task: Task, count: int = 1) -> list[Published]:
    return await topics.wait(
        task.reply_to, count, where=lambda one: one.data["taskId"] == task.task_id, within=30
    )


def sealed(keys_folder: Path, imsi: str) -> str:
    """A profile as the resource service seals it."""
    content = f'{{"imsi": "{imsi}", "ki": "00112233445566778899AABBCCDDEEFF"}}'
    return seal(content.encode(), Keys.load(keys_folder / "gd").recipient("production"))


async def test_the_three_systems_answer_for_all_their_nodes(
    topics: Topics, start: Start, keys_folder: Path
) -> None:
    for system in ("provisioning", "accounting", "billing"):
        await start(system)
    there = activate(sealed(keys_folder, "460011"), "460011")
    here = post().model_copy(update={"node": "bj", "reply_to": "bj.order-acceptance.results"})
    billed = start_billing()
    await ask(topics, there, here, billed)
    for task, system in ((there, "provisioning"), (here, "accounting"), (billed, "billing")):
        (answer,) = await answers(topics, task)
        assert (answer.key, answer.data["outcome"], answer.data["executor"]) == (
            task.work_order,
            "done",
            system,
        )
        assert answer.headers["ce_source"] == f"/{task.node}/{system}"
        assert answer.headers["ce_type"] == "unicrm.task.result.v1"
        assert answer.headers["ce_subject"] == task.order
        assert answer.data["workOrder"] == task.work_order
    changed = swap(sealed(keys_folder, "460012"), "460012", replaces="460011")
    await ask(topics, changed)
    assert (await answers(topics, changed))[0].data["outcome"] == "done"
    await ask(topics, undo(changed))
    assert (await answers(topics, undo(changed)))[0].data["outcome"] == "done"


async def test_a_profile_that_is_sealed_for_another_is_refused(
    topics: Topics, start: Start, keys_folder: Path
) -> None:
    await start("provisioning")
    foreign = seal(b'{"imsi": "460011", "ki": "00"}', Keys.load(keys_folder / "gd").recipient("gd"))
    task = activate(foreign, "460011")
    await ask(topics, task)
    (answer,) = await answers(topics, task)
    assert answer.data["reasons"][0] == {
        "code": "provisioning-failed",
        "path": None,
        "parameters": {},
        "node": None,
        "task": "activate-subscriber",
    }


async def test_killed_between_the_deed_and_the_answer_it_answers_after_the_restart_and_does_nothing_twice(
    topics: Topics, start: Start
) -> None:
    first = await start("accounting", late_ms=3_600_000)
    slow, quick = post("50.00", account="a-slow", number="13112349905"), post("1.00")
    await ask(topics, slow, quick)
    assert (await answers(topics, quick))[0].data["outcome"] == "done"
    first.kill()
    await first.wait()
    # Asked again, as order acceptance does when it has heard nothing.
    await ask(topics, slow)
    second = await start("accounting", late_ms=0)
    (answer,) = await answers(topics, slow)
    assert answer.data["output"] == {"balance": "50.00"}
    after = post("0.01")
    await ask(topics, after)
    assert (await answers(topics, after))[0].data["output"] == {"balance": "1.01"}
    second.send_signal(signal.SIGTERM)
    assert await second.wait() == 0


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_cleanly(topics: Topics, start: Start, sign: signal.Signals) -> None:
    process = await start("billing")
    task = start_billing()
    await ask(topics, task)
    await answers(topics, task)
    process.send_signal(sign)
    assert await process.wait() == 0


async def told(*arguments: str, **environment: str) -> tuple[int | None, str]:
    """Exit code and complaint of a start that cannot go well."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("UNICRM_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.simulators",
        *arguments,
        env={**clean, **environment},
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    return process.returncode, complaint.decode()


async def test_a_wrong_start_says_in_one_line_what_is_wrong(engines: Engines, tmp_path: Path) -> None:
    for arguments in ((), ("settlement",), ("billing", "accounting")):
        code, complaint = await told(*arguments)
        assert code == 2
        assert complaint.startswith("usage: python -m deploy.simulators provisioning|accounting|billing")
    code, complaint = await told("billing")
    assert (code, complaint) == (2, "UNICRM_KAFKA: Field required\n")
    rest = {"UNICRM_KAFKA": engines.kafka, "UNICRM_SIMULATOR_JOURNAL": str(tmp_path / "journal")}
    code, complaint = await told("billing", **rest)
    assert (code, complaint) == (2, "UNICRM_SIMULATOR_NODES: Field required\n")
    nodes = {"UNICRM_SIMULATOR_NODES": "gd", "UNICRM_SIMULATOR_FAILURE_RATE": "2"}
    code, complaint = await told("billing", **rest, **nodes)
    assert code == 2
    assert complaint.startswith("UNICRM_SIMULATOR_FAILURE_RATE: ")
    keyless = {"UNICRM_SIMULATOR_NODES": "gd", "UNICRM_KEYS_DIR": str(tmp_path / "none")}
    code, complaint = await told("provisioning", **rest, **keyless)
    assert (code, len(complaint.splitlines())) == (1, 1)
