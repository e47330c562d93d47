"""Making and rotating key files: for development, tests and a node's first day.

Idempotent and safe against interruption and against each other: one lock on the folder, each file written
whole under another name and then moved; what exists is never replaced, only put behind a new key by `rotate`.
"""

import fcntl
import json
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from joserfc.jwk import ECKey

from libs.security.keys import CURVE, curve_key, public_jwk, read_key_file

KeyFile = Literal["signing", "sealing", "field", "digest", "clients"]
_OF_EACH: tuple[KeyFile, ...] = ("signing", "sealing", "field", "clients")


def generate_keys(folder: Path, nodes: Iterable[str]) -> None:
    """Make what is missing for these nodes (or executors): `<folder>/<node>/*.json`,
    `<folder>/public/<node>.json`.

    The digest key is shared: a node that joins later gets the one the others have.
    Raises ValueError for a name that is no plain folder, or where nodes hold different digest keys.
    """
    names = list(nodes)
    for name in names:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name) or name == "public":
            raise ValueError(f"{name!r} cannot name a folder of keys")
    with _alone(folder):
        shared = _shared_digest(folder) or [_fresh("digest")]
        for name in names:
            home = folder / name
            home.mkdir(mode=0o700, exist_ok=True)
            for kind in _OF_EACH:
                if not (home / f"{kind}.json").exists():
                    _write(home / f"{kind}.json", [_fresh(kind)])
            if not (home / "digest.json").exists():
                _write(home / "digest.json", shared)
            _publish(folder, name)


def rotate(folder: Path, node: str, kind: KeyFile) -> str:
    """Put a new key in front of a node's others (digest: of every node's) and answer its id.

    The old ones stay, for what was made with them; dropping one is a later act, by hand.
    """
    with _alone(folder):
        fresh = _fresh(kind)
        homes = (
            [file.parent for file in folder.glob("*/digest.json")] if kind == "digest" else [folder / node]
        )
        for home in homes:
            _write(home / f"{kind}.json", [fresh, *read_key_file(home / f"{kind}.json")])
        _publish(folder, node)
        return str(fresh["kid"])


def _fresh(kind: KeyFile) -> dict[str, Any]:
    if kind in ("signing", "sealing"):
        kid = f"{'sig' if kind == 'signing' else 'enc'}-{secrets.token_hex(6)}"
        key = ECKey.generate_key(CURVE, {"kid": kid, "use": "sig" if kind == "signing" else "enc"})
        return dict(key.as_dict(private=True))
    octets = urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    return {"kty": "oct", "kid": f"{kind[0]}-{secrets.token_hex(4)}", "k": octets}


def _shared_digest(folder: Path) -> list[dict[str, Any]] | None:
    held = [read_key_file(file) for file in sorted(folder.glob("*/digest.json"))]
    if any(keys != held[0] for keys in held):
        raise ValueError(f"nodes in {folder} hold different digest keys: the fleet has one")
    return held[0] if held else None


def _publish(folder: Path, name: str) -> None:
    """The public halves, told apart by `use`. Old sealing keys are left out: nobody is to seal for them."""
    signing = [public_jwk(curve_key(jwk)) for jwk in read_key_file(folder / name / "signing.json")]
    sealing = public_jwk(curve_key(read_key_file(folder / name / "sealing.json")[0]))
    public = folder / "public"
    public.mkdir(mode=0o755, exist_ok=True)
    file = public / f"{name}.json"
    if not file.exists() or read_key_file(file) != [sealing, *signing]:
        _write(file, [sealing, *signing])


def _write(file: Path, keys: list[dict[str, Any]]) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump({"keys": keys}, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
