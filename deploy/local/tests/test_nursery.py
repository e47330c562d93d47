"""What is born in the nursery is as if it had been started in the usual way, and lives no longer than we do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from deploy.local.nursery import Nursery
from deploy.local.processes import Mark
from tests.engines import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are started as usual")

_TELL = """
import asyncio, json, os, signal, sys
from libs.ids import new_id
told = {
    "name": __name__, "arguments": sys.argv[1:], "pid": os.getpid(), "session": os.getsid(0), "parent": os.getppid(),
    "setting": os.environ.get("UNICRM_NODE"), "outer": "PATH" in os.environ, "id": new_id(),
    "children": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
}
print(json.dumps(told), flush=True)
asyncio.run(asyncio.sleep(60 if "stay" in sys.argv else 0))
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program to be run; it is found as long as the test runs."""
    (tmp_path / "unicrm_tells_of_itself.py").write_text(_TELL)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "unicrm_tells_of_itself"


@pytest.fixture
def nursery(module: str, tmp_path: Path) -> Iterator[Nursery]:
    made = Nursery(tmp_path / "nursery.log")
    made.open()
    made.wait()
    yield made
    made.close()


def told(log: Path) -> dict[str, object]:
    return dict(json.loads(log.read_text().splitlines()[-1]))


async def test_it_has_its_own_arguments_settings_and_session(
    nursery: Nursery, module: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    mark = nursery.bear(module, ("one", "two"), log=log, environment={"UNICRM_NODE": "gd"})
    assert mark.gone(10)
    found = told(log)
    assert found["name"] == "__main__"
    assert found["arguments"] == ["one", "two"]
    assert found["pid"] == found["session"] == mark.pid
    assert found["parent"] != os.getpid(), "it was started in the usual way"
    assert (found["setting"], found["outer"], found["children"]) == ("gd", False, True)


async def test_no_two_make_the_same_ids(nursery: Nursery, module: str, tmp_path: Path) -> None:
    logs = [tmp_path / f"log-{number}" for number in range(5)]
    for mark in [nursery.bear(module, (), log=log, environment={}) for log in logs]:
        assert mark.gone(10)
    assert len({told(log)["id"] for log in logs}) == len(logs)


async def test_one_that_is_killed_leaves_nothing_and_the_others_alone(
    nursery: Nursery, module: str, tmp_path: Path
) -> None:
    one, two = (
        nursery.bear(module, ("stay",), log=tmp_path / name, environment={}) for name in ("one", "two")
    )
    one.stop(SIGKILL)
    await eventually(lambda: not Path(f"/proc/{one.pid}").exists())
    assert two.alive
    nursery.close()
    assert two.gone(5)


async def test_without_its_nursery_a_process_is_started_in_the_usual_way(
    nursery: Nursery, module: str, tmp_path: Path
) -> None:
    assert nursery._mark is not None
    nursery._mark.stop(SIGKILL)
    log = tmp_path / "log"
    environment = {"PYTHONPATH": str(tmp_path)}
    assert nursery.bear(module, (), log=log, environment=environment).gone(20)
    assert told(log)["parent"] == os.getpid()
    nursery.wait()
    assert nursery.bear(module, (), log=log, environment=environment).gone(20)
    assert told(log)["parent"] != os.getpid(), "there is no new nursery"


def test_it_ends_with_who_opened_it_and_all_its_children_with_it(module: str, tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from deploy.local.nursery import Nursery
nursery = Nursery(Path({str(tmp_path / "nursery.log")!r}))
nursery.open()
nursery.wait()
print(nursery.bear({module!r}, ("stay",), log=Path({str(tmp_path / "log")!r}), environment={{}}).pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = Mark.of(int(process.stdout.readline()))
        assert child.alive
        process.kill()
    assert child.gone(5)
