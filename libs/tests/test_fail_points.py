"""Fail points are off, and each of them is somewhere."""

import re
import subprocess
import sys
from pathlib import Path

from libs import fail_points

ROOT = Path(__file__).parents[2]


def test_every_point_is_reached_at_one_place_and_no_other_exists() -> None:
    found: list[str] = []
    for folder in ("libs", "services"):
        for file in (ROOT / folder).rglob("*.py"):
            if "tests" not in file.parts:
                found += re.findall(r'\breach\("([^"]+)"\)', file.read_text())
    assert sorted(found) == sorted(fail_points.POINTS)


def test_without_a_folder_nothing_ends() -> None:
    for point in fail_points.POINTS:
        fail_points.reach(point)


def test_an_armed_point_ends_the_process_that_reaches_it_and_only_once(tmp_path: Path) -> None:
    (tmp_path / "relay.sent").touch()
    assert [passes_by(tmp_path, None) for _ in range(2)] == ["killed", "lives"]


def test_what_is_armed_for_one_process_ends_no_other(tmp_path: Path) -> None:
    armed = tmp_path / "relay.sent@gd.resource.relay"
    armed.touch()
    assert [passes_by(tmp_path, other) for other in (None, "gd.resource", "bj.resource.relay")] == [
        "lives"
    ] * 3
    assert armed.exists()
    assert [passes_by(tmp_path, "gd.resource.relay") for _ in range(2)] == ["killed", "lives"]


def passes_by(folder: Path, process: str | None) -> str:
    """What becomes of a process of this name that reaches two points, of which the second may be armed."""
    program = (
        "from libs.fail_points import reach; reach('relay.deleted'); reach('relay.sent'); print('lives')"
    )
    told = {"PYTHONPATH": str(ROOT), "UNICRM_FAIL_POINTS": str(folder)}
    if process is not None:
        told["UNICRM_INSTANCE"] = process
    end = subprocess.run([sys.executable, "-c", program], env=told, capture_output=True, text=True)
    assert (end.returncode, end.stdout) in [(-9, ""), (0, "lives\n")], end.stderr
    return "lives" if end.returncode == 0 else "killed"
