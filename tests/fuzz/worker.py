"""Schemathesis in a process of its own, for one job after the other: its start, and what it makes of a document, cost
more seconds than a run has.

A job is a line of JSON on the standard input, what came of it a line on the standard output.
"""

import json
import sys
import zlib
from collections import Counter
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema, observations
from schemathesis.engine.run import PhaseName
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext
from schemathesis.schemas import BaseSchema
from schemathesis.transport import SerializationContext

from tests.fuzz.judging import Judge, Operation

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "answered_as_documented",
)
MOST_FAILURES = 20


class Run:
    """The job that is being done; schemathesis calls its hooks with no word of it."""

    known: dict[str, list[str]] = {}
    """Ids that there are, by the path in which they stand."""
    judge: Judge
    operations: dict[str, Operation] = {}


@schemathesis.serializer("application/x-ndjson")
def lines(context: SerializationContext, value: Any) -> bytes:
    """Lines of JSON: those that were drawn, or whatever else was drawn as a line of its own."""
    if isinstance(value, bytes):
        return value
    drawn = value if isinstance(value, list) else [value]
    return b"".join(
        (one if isinstance(one, str) else json.dumps(one, default=str)).encode(errors="surrogatepass") + b"\n"
        for one in drawn
    )


@schemathesis.hook
def map_path_parameters(context: HookContext, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """Every second id that is drawn is one that there is: what is known of nothing ends at the door."""
    path = context.operation.path if context.operation else ""
    there = Run.known.get(path)
    if not there or not isinstance(path_parameters, dict):
        return path_parameters
    drawn = zlib.crc32(repr(path_parameters).encode())
    if drawn % 2:
        return path_parameters
    return {name: there[drawn // 2 % len(there)] for name in path_parameters}


@schemathesis.check
def answered_as_documented(context: Any, response: Response, case: Case) -> None:
    """Stricter than schemathesis: what stands for any other answer is no promise, and every code has to be named."""
    operation = Run.operations[f"{case.operation.method.upper()} {case.operation.path}"]
    elsewhere = "{" in operation.path or case.method.upper() != operation.method
    media_type = response.headers.get("content-type", [""])[0]
    wrong = Run.judge.wrong(
        operation, response.status_code, media_type, response.content or b"", elsewhere=elsewhere
    )
    if wrong:
        raise AssertionError(wrong)


def configuration(job: dict[str, Any]) -> SchemathesisConfig:
    """As a project's file would say it."""
    limit: dict[str, Any] = {"max-time": job["seconds"]} if job.get("seconds") else {}
    examples = {"max-examples": job["examples"]} if job.get("examples") else {}
    return SchemathesisConfig.from_dict(
        {
            **limit,
            "seed": job["seed"],
            "max-failures": MOST_FAILURES,
            "continue-on-failure": True,
            "base-url": job["url"],
            "headers": job["headers"],
            "request-timeout": 60.0,
            "output": {"sanitization": {"enabled": True}},
            "suppress-health-check": ["all"],
            "generation": {"no-shrink": True, "database": "none", **examples},
            "phases": {
                phase.value: {"enabled": phase.value in job["phases"]}
                for phase in (
                    PhaseName.EXAMPLES,
                    PhaseName.COVERAGE,
                    PhaseName.FUZZING,
                    PhaseName.STATEFUL_TESTING,
                )
            },
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
        }
    )


def done(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job: how often each status was answered, in how many stateful scenarios, and what was wrong."""
    Run.known = job["known"]
    Run.judge, schema = _made_of(job)
    Run.operations = {one.label: one for one in Run.judge.operations}
    statuses: Counter[int] = Counter()
    wrong: dict[str, str] = {}
    chains = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            answers = event.recorder.interactions.values()
            statuses.update(one.response.status_code for one in answers if one.response is not None)
            chains += event.phase == PhaseName.STATEFUL_TESTING and len(event.recorder.interactions) > 1
            wrong |= failures(event)
        elif isinstance(event, events.NonFatalError):
            wrong.setdefault(f"{event.label}: {event.info.title}", event.info.message or str(event.value))
        elif isinstance(event, events.FatalError):
            wrong["schemathesis itself"] = repr(event.exception)
    return {
        "statuses": statuses,
        "scenarios": chains,
        "wrong": [f"{key}\n{text}" for key, text in wrong.items()],
    }


def _made_of(job: dict[str, Any]) -> tuple[Judge, BaseSchema]:
    """What is made of a document is kept: other roles see the same."""
    same = json.dumps(
        {name: value for name, value in job.items() if name not in ("headers", "known", "seed")}
    )
    if same not in _MADE:
        _MADE[same] = (
            Judge(job["document"]),
            schemathesis.openapi.from_dict(job["document"], config=configuration(job)),
        )
    judge, schema = _MADE[same]
    schema.config.headers = job["headers"]
    return judge, schema


_MADE: dict[str, tuple[Judge, BaseSchema]] = {}


def failures(event: events.ScenarioFinished) -> dict[str, str]:
    """What was wrong in a scenario, each thing once."""
    found = {}
    for id, checks in event.recorder.checks.items():
        for check in checks:
            if (failed := check.failure_info) is not None:
                label = event.recorder.cases[id].value.operation.label
                told = f"{failed.failure.title}: {failed.failure.message}"[:1500]
                found[f"{label}, {check.name}: {told[:120]}"] = f"{told}\n  {failed.code_sample[:6000]}"
    return found


_same_origin_path = observations._same_origin_path


def same_origin_path(value: str, origin: tuple[str, str]) -> str | None:
    """Schemathesis looks for addresses in what is answered, and ends at a text that only begins like one."""
    try:
        return _same_origin_path(value, origin)
    except ValueError:
        return None


observations._same_origin_path = same_origin_path


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(done(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
