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
    program = (
        "from libs.fail_points import reach; reach('relay.deleted'); reach('relay.sent'); print('lives')"
    )
    told = {"PYTHONPATH": str(ROOT), "UNICRM_FAIL_POINTS": str(tmp_path)}
    ends = [
        subprocess.run([sys.executable, "-c", program], env=told, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert [end.returncode for end in ends] == [-9, 0]
    assert [end.stdout for end in ends] == ["", "lives\n"]
