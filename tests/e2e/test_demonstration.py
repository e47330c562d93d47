"""The demonstration is the first end-to-end test: a whole fleet, as a newcomer starts it, and not one step fails."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_step_of_the_demonstration_passes() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UNICRM_")}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "unicrm"), "demo", "--provinces", "bj,gd"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    last = done.stdout.strip().splitlines()[-1]
    assert re.fullmatch(r"demo: \d+ passed, 0 failed", last), done.stdout[-4000:] + done.stderr[-2000:]
    assert done.returncode == 0
