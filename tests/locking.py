"""What the image needs of `requirements.lock`: `python -m tests.locking` writes `deploy/requirements.lock`.

It starts at `deploy/requirements.in` and follows what the installed packages say they need.
"""

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
EVERYTHING = ROOT / "requirements.lock"
WANTED = ROOT / "deploy" / "requirements.in"
INSTALLED = ROOT / "deploy" / "requirements.lock"


def locked(text: str) -> dict[str, str]:
    """The blocks of a lock file, version and hashes, by the names of their packages."""
    blocks = [block for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if block.strip()]
    return {canonicalize_name(re.split(r"[=\[ ]", block)[0]): block for block in blocks}


def needed(wanted: list[str]) -> set[str]:
    """The names of these packages and of all that they need here."""
    seen: set[tuple[str, frozenset[str]]] = set()
    left = [Requirement(line) for line in wanted]
    while left:
        one = left.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        for line in metadata.requires(one.name) or []:
            found = Requirement(line)
            if found.marker is None or any(
                found.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)
            ):
                left.append(found)
    return {name for name, _ in seen}


def image_lock() -> str:
    """The part of the lock file that the image is made of. Raises KeyError for a package that is not in it."""
    blocks = locked(EVERYTHING.read_text())
    return "".join(blocks[name] for name in sorted(needed(WANTED.read_text().split())))


if __name__ == "__main__":
    INSTALLED.write_text(image_lock())
    print(INSTALLED)
