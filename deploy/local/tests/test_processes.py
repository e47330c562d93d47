"""Processes end when they are told, when we do, and only when they are ours."""

import subprocess
import sys
import time
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from deploy.local.children import Child, Children
from deploy.local.processes import Mark, start
from deploy.local.trouble import Trouble
from tests.engines import eventually

_SLEEP = "import time; time.sleep(60)"


def sleeper(log: Path) -> Mark:
    return Mark.of(start([sys.executable, "-c", _SLEEP], log=log).pid)


def test_a_process_that_ignores_the_signal_is_ended_by_force(tmp_path: Path) -> None:
    stubborn = (
        f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {_SLEEP}"
    )
    log = tmp_path / "log"
    mark = Mark.of(start([sys.executable, "-c", stubborn], log=log).pid)
    while "ready" not in log.read_text():
        time.sleep(0.01)
    mark.stop(SIGTERM, within=0.1)
    assert not mark.alive


def test_a_number_that_another_process_got_is_left_alone(tmp_path: Path) -> None:
    mark = sleeper(tmp_path / "log")
    Mark(mark.pid, "long ago").stop()
    assert mark.alive
    mark.stop(SIGKILL)


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    parent = (
        "import sys, time; from pathlib import Path; from deploy.local.processes import start;"
        f"print(start([sys.executable, '-c', {_SLEEP!r}], log=Path({str(tmp_path / 'log')!r})).pid, flush=True);"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = Mark.of(int(process.stdout.readline()))
        assert child.alive
        process.kill()
    assert child.gone(5)


def test_a_program_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="is not there"):
        start([str(tmp_path / "nothing")], log=tmp_path / "log")


async def test_what_ends_by_itself_is_started_again_and_what_was_killed_on_purpose_is_not(
    tmp_path: Path,
) -> None:
    import asyncio

    said: list[str] = []
    children = Children(said.append, lambda: None)
    child = children.add(Child("gd", "node", "gd", tmp_path / "log", lambda: sleeper(tmp_path / "log")))
    child.start()
    first = child.mark
    assert first is not None
    watching = asyncio.create_task(children.watch())
    try:
        first.stop(SIGKILL)
        await eventually(lambda: child.alive and child.mark != first)
        assert "gd ended by itself" in said[0]
        child.held = True
        assert child.mark is not None
        child.mark.stop(SIGKILL)
        await asyncio.sleep(1.5)
        assert not child.alive
    finally:
        watching.cancel()
        children.end("node")
