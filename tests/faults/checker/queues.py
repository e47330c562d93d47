"""Nothing stays behind in an outbox, nothing unexplained lies in dead letters, nobody holds a guard."""

from collections.abc import Iterator

from tests.faults.checker.evidence import Evidence
from tests.faults.checker.findings import Violation


def check_queues(found: Evidence) -> Iterator[Violation]:
    for (node, package, name), rows in found.queues.items():
        for row in rows:
            yield Violation("queues-empty", f"{name} of {node} {package}: {row}")
    for node, row in found.all("guards"):
        yield Violation(
            "queues-empty", f"{node}: work order {row['work_order']} holds the guard of {row['number']}"
        )
