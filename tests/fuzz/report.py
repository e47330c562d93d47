"""What was sent and how it was answered, for people."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.fuzz.stream import Sent

BEHIND = frozenset(
    {
        "courier.failed",
        "courier.listener-failed",
        "dead-letter.hook-failed",
        "export.failed",
        "import.line-failed",
        "message.dead-letter",
        "parked.dead-letter",
        "relay.failed",
        "timer.failed",
        "work-order.stuck",
    }
)
"""What a service logs where it cannot do what it has accepted."""


def behind(log: Path) -> list[str]:
    """What broke behind good answers, each kind once, and how often."""
    found: Counter[str] = Counter()
    for line in log.read_text().splitlines():
        told = json.loads(line)
        if told["event"] in BEHIND:
            kind = {
                key: told[key]
                for key in told.keys() & {"event", "timer", "service", "reason", "topic", "source"}
            }
            found[json.dumps(dict(sorted(kind.items())))] += 1
    return [f"{times} times: {kind}" for kind, times in found.most_common()]


def table(sent: Iterable[Sent]) -> str:
    """A line for each service in each role, and one for all."""
    rows: dict[tuple[str, str], list[Sent]] = {}
    for one in sent:
        rows.setdefault((one.place, one.role), []).append(one)
    lines = [f"{'service':25} {'role':18} {'mutated':>8} {'drawn':>7} {'chains':>7} {'2xx':>5}  answered"]
    lines += [_line(place, role, those) for (place, role), those in sorted(rows.items())]
    lines.append(_line("all", "", [one for those in rows.values() for one in those]))
    return "\n".join(lines)


def _line(place: str, role: str, sent: Sequence[Sent]) -> str:
    by: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    for one in sent:
        by[one.by] += one.requests
        statuses.update(one.statuses)
    well = sum(times for status, times in statuses.items() if status < 300)
    share = f"{100 * well / max(statuses.total(), 1):.0f}%"
    answered = " ".join(f"{status}:{times}" for status, times in sorted(statuses.items()))
    chains = sum(one.scenarios for one in sent)
    return f"{place:25} {role:18} {by['mutated']:8} {by['drawn']:7} {chains:7} {share:>5}  {answered}"


def wrongs(sent: Iterable[Sent]) -> str:
    """Everything that was answered wrongly, with the request that is answered so, and the seed of the run."""
    return "\n\n".join(
        f"{one.place} as {one.role}, {one.by} with seed {one.seed}:\n" + "\n".join(one.wrong)
        for one in sent
        if one.wrong
    )
