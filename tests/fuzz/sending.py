"""Schemathesis against one service in one role: what its document says may be sent, and what it says may not."""

import asyncio
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.fleet import Target

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
GRACE = 60.0
"""Seconds beyond its time that a run may take to start, and to tell what it found."""
_FOUND = re.compile(
    r"^=+ (?:FAILURES|ERRORS) =+$.*?(?=^=+ (?:WARNINGS|SUMMARY) =+$)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Sent:
    """One run: how many requests, and what was wrong with answers to them, in schemathesis's own words."""

    service: str
    role: str
    requests: int
    wrong: str

    def __str__(self) -> str:
        return f"{self.service} as {self.role}: {self.requests} requests, {'wrong' if self.wrong else 'well'} answered"


async def send(target: Target, role: str, seconds: int, *options: str) -> Sent:
    """Send for so many seconds. Raises RuntimeError where schemathesis itself fails."""
    before, failed = target.counted.asked, len(target.counted.failures)
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            str(target.document),
            *("--url", target.url, "--header", f"Authorization: Bearer {target.bearer(role)}"),
            *("--checks", ",".join(CHECKS), "--max-time", str(seconds), "--max-failures", "20"),
            *("--no-shrink", "--generation-database", "none", "--no-color", "--continue-on-failure"),
            *options,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # It leaves reports and caches where it runs.
            cwd=folder,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), seconds + GRACE)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise RuntimeError(f"{target.name} as {role}: no end after {seconds + GRACE:.0f} s") from None
    text = out.decode(errors="replace")
    found = _FOUND.search(text)
    wrong = found[0] if found else ""
    broken = target.counted.failures[failed:]
    if broken:
        wrong += "\nanswered 5xx:\n" + "\n".join(broken)
    if process.returncode not in (0, 1) or (process.returncode and not wrong):
        raise RuntimeError(f"schemathesis ended with {process.returncode}:\n{text}")
    return Sent(target.name, role, target.counted.asked - before, wrong)
