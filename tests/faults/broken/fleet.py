"""A fleet of which every node is broken, each in another way."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.children import Kind
from deploy.local.fleet import Fleet
from deploy.local.parts import MODULE

BROKEN = {
    "hq": ("router-judges-sent",),
    "bj": ("outbox-outside", "undo-skipped"),
    "gd": ("inbox-unread", "unknown-is-failure", "answer-unread"),
}


class BrokenFleet(Fleet):
    """As any other; but in the place of `unicrm` there is one that is broken."""

    @property
    def folder(self) -> Path:
        """Where a file lets a process end."""
        return self.plan.folder

    def _start(
        self,
        name: str,
        kind: Kind,
        node: str | None,
        module: str,
        arguments: Sequence[str],
        told: Mapping[str, str],
    ) -> None:
        if module == MODULE and node is not None:
            module = "tests.faults.broken"
            told = {**told, "BROKEN": ",".join(BROKEN[node]), "BROKEN_FOLDER": str(self.folder)}
        super()._start(name, kind, node, module, arguments, told)
