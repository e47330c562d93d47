"""Which endpoint a request is for: by a table, so that the number of endpoints costs nothing."""

from collections.abc import Iterable, Mapping

from libs.web.routes import Endpoint

NONE: Mapping[str, str] = {}


class Paths:
    """Every endpoint of an app. A literal path goes before one with places; among those, the first declared."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._literal: dict[str, dict[str, Endpoint]] = {}
        self._places: dict[int, list[tuple[Endpoint, tuple[str, ...]]]] = {}
        for endpoint in endpoints:
            if "{" not in endpoint.path:
                self._literal.setdefault(endpoint.path, {})[endpoint.method] = endpoint
            else:
                pattern = tuple(endpoint.path.split("/"))
                self._places.setdefault(len(pattern), []).append((endpoint, pattern))

    def find(self, method: str, path: str) -> tuple[Endpoint | None, Mapping[str, str], frozenset[str]]:
        """The endpoint and the values of its places; without an endpoint, the methods that the path does have."""
        literal = self._literal.get(path)
        if literal is not None and method in literal:
            return literal[method], NONE, frozenset()
        others = set(literal or ())
        steps = path.split("/")
        for endpoint, pattern in self._places.get(len(steps), ()):
            places = _fill(pattern, steps)
            if places is None:
                continue
            if endpoint.method == method:
                return endpoint, places, frozenset()
            others.add(endpoint.method)
        return None, NONE, frozenset(others)


def _fill(pattern: tuple[str, ...], steps: list[str]) -> dict[str, str] | None:
    places: dict[str, str] = {}
    for wanted, given in zip(pattern, steps, strict=True):
        if wanted.startswith("{"):
            if not given or "\x00" in given:
                return None
            places[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return places
