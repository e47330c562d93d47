"""Whose path is it: the service of a node that answers a request."""

from collections.abc import Iterable, Mapping

OF_ALL = frozenset({"/health/live", "/health/ready", "/metrics"})
"""What every service answers, and a node for all of them."""


class Owners:
    """Finds the owner of a path by the longest literal beginning of a path that a service declares."""

    def __init__(self, paths: Mapping[str, Iterable[str]]) -> None:
        """`paths` are those that each service declares. Raises ValueError where two declare the same."""
        self.beginnings: dict[str, str] = {}
        """The literal beginnings that are declared, each with its service."""
        for name, declared in paths.items():
            for beginning in {_literal(path) for path in declared if path not in OF_ALL}:
                if self.beginnings.setdefault(beginning, name) != name:
                    raise ValueError(f"{beginning} is declared by {name} and by {self.beginnings[beginning]}")
        self.anybody = next(iter(paths))
        """Where a path is nobody's, one of them says so as all do."""

    def __getitem__(self, path: str) -> str:
        """The service that answers a path."""
        while path:
            found = self.beginnings.get(path)
            if found is not None:
                return found
            path = path.rpartition("/")[0]
        return self.anybody


def _literal(path: str) -> str:
    """The part of a path before its first place: `/a/b/{id}/c` → `/a/b`."""
    return path.split("/{", 1)[0]
