"""Nothing stays behind in an outbox, nothing unexplained lies in dead letters, nobody holds a guard or a lock; and
whatever was sent was taken in."""

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
    for node, row in found.all("group_locks"):
        yield Violation(
            "queues-empty", f"{node}: group order {row['order_id']} holds the lock of {row['number']}"
        )
    for row in found.lost:
        yield Violation(
            "taken-in-once",
            f"{row['node']} {row['package']} has no {row['id']} of {row['topic']} in its inbox",
        )
