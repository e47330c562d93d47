"""Who may speak to a node in development: what its seeding answers, and its page shows."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Accounts:
    """The development users of a node, and its machine client."""

    users: list[dict[str, Any]] = field(default_factory=list)
    """`username`, `password`, `roles` each; `area` of whoever sees no more than that."""
    client: dict[str, str] | None = None
    """`id` and `secret` of the machine client."""

    def record(self) -> dict[str, Any]:
        return asdict(self)
