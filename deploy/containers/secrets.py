"""What nodes in containers must keep to themselves, made for a trial: idempotent, and nothing is ever replaced.

    secrets/
      ca.crt, ca.key                      the trial's authority; the key goes to no node
      keys/<node>/, keys/public/          as `libs/security/key_files.py` makes them
      <node>/postgres/superuser           and a file for each service, named as its database and its role
      <node>/tls/gateway.{crt,key}
      hq/tls/kafka.pem                    key and certificate of the listener for provinces
      hq/provinces/<province>             the password of its mirror; at the province `mirror.properties`

The folder itself is closed to others. The files in it are readable, because a container mounts each by itself and runs
as a user that owns none of them.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from deploy import services
from deploy.containers.certificates import Authority, now, write
from deploy.local.plan import EXECUTORS
from deploy.local.trouble import Trouble
from libs.node import HQ, NODES, PROVINCES
from libs.security.key_files import generate_keys

_READABLE = 0o444


def make_secrets(folder: Path, nodes: Sequence[str], domain: str) -> list[Path]:
    """Make what is missing for these nodes; the files that were made. Raises Trouble for what is no node."""
    unknown = [node for node in nodes if node not in NODES]
    if unknown:
        raise Trouble(f"There is no node {', '.join(unknown)}; there are {HQ}, {', '.join(PROVINCES)}.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    before = set(_files(folder))
    moment = now()
    authority = Authority.at(folder, moment)
    generate_keys(folder / "keys", [*nodes, *EXECUTORS])
    for node in nodes:
        _passwords(folder, node)
        _certificates(folder / node / "tls", node, domain, authority, moment)
    for province in (node for node in nodes if node != HQ):
        _mirror(folder, province)
    _open_to_containers(folder)
    return sorted(set(_files(folder)) - before)


def _passwords(folder: Path, node: str) -> None:
    tier = NODES[node].tier
    for name in ("superuser", *(f"{node}_{service.package}" for service in services.services_at(tier))):
        _password(folder / node / "postgres" / name)


def _certificates(folder: Path, node: str, domain: str, authority: Authority, moment: datetime) -> None:
    if not (folder / "gateway.key").exists():
        key, certificate = authority.server([f"{node}.{domain}", "gateway", "localhost", "127.0.0.1"], moment)
        write(folder / "gateway.crt", certificate, _READABLE)
        write(folder / "gateway.key", key, _READABLE)
    if node == HQ and not (folder / "kafka.pem").exists():
        key, certificate = authority.server([f"kafka.{node}.{domain}", "localhost", "127.0.0.1"], moment)
        write(folder / "kafka.pem", key + certificate, _READABLE)


def _mirror(folder: Path, province: str) -> None:
    """One password, in the form that either side reads."""
    at_hq, at_home = folder / HQ / "provinces" / province, folder / province / "mirror.properties"
    if not at_hq.exists() and at_home.exists():
        write(at_hq, at_home.read_bytes().partition(b"=")[2].strip(), _READABLE)
    _password(at_hq)
    if not at_home.exists():
        write(at_home, b"password=" + at_hq.read_bytes() + b"\n", _READABLE)


def _password(file: Path) -> None:
    if not file.exists():
        write(file, secrets.token_hex(24).encode(), _READABLE)


def _open_to_containers(folder: Path) -> None:
    for part in folder.iterdir():
        if part.is_dir():
            for inner in (part, *part.rglob("*")):
                if not inner.name.startswith("."):
                    inner.chmod(0o755 if inner.is_dir() else _READABLE)


def _files(folder: Path) -> Iterable[Path]:
    return (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
