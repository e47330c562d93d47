"""The engines' programs, fetched from Maven Central once: `python -m deploy.local.fetch`.

Needs nothing but Python, Java and Maven, so that it can run beside the set-up of the virtual environment. What is
fetched is named by a digest of `pom.xml`; it appears under its name when it is whole, and not before.
"""

import fcntl
import hashlib
import lzma
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import LOCAL, make_folder, open_to_postgres
from deploy.local.trouble import Trouble

POM = Path(__file__).with_name("pom.xml")
_JAVA_LEAST = 17
_PLATFORMS = {
    ("Linux", "x86_64"): "linux-amd64",
    ("Linux", "aarch64"): "linux-arm64v8",
    ("Darwin", "x86_64"): "darwin-amd64",
    ("Darwin", "arm64"): "darwin-arm64v8",
}


@dataclass(frozen=True)
class Programs:
    """Where the engines' programs are."""

    kafka: Path
    """Folder of jars."""
    postgres: Path
    """Folder with `bin/` and `lib/`."""


def postgres_platform() -> str:
    """The name of PostgreSQL's binaries for this machine."""
    here = (platform.system(), platform.machine())
    if here not in _PLATFORMS:
        raise Trouble(
            f"There are no PostgreSQL binaries for {' '.join(here)}; name servers of your own in "
            "UNICRM_POSTGRES_URL and UNICRM_KAFKA."
        )
    return _PLATFORMS[here]


def programs() -> Programs:
    """The programs, fetched first if they are not there.

    Raises Trouble without Java or Maven, or when Maven cannot fetch.
    """
    digest = hashlib.sha256(POM.read_bytes() + postgres_platform().encode()).hexdigest()[:12]
    found = Programs(
        LOCAL / "engines" / f"kafka-{digest}", open_to_postgres() / "engines" / f"postgres-{digest}"
    )
    if not (found.kafka.is_dir() and found.postgres.is_dir()):
        with _alone(make_folder(LOCAL / "engines") / ".lock"):
            if not (found.kafka.is_dir() and found.postgres.is_dir()):
                _fetch(found)
    return found


def java() -> str:
    """The path of a Java that runs Kafka. Raises Trouble without one."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if path is None:
        raise Trouble(
            "Java is missing: Kafka needs Java 17 or newer (Debian: apt install openjdk-17-jre-headless)."
        )
    return path


def _fetch(found: Programs) -> None:
    _check_java()
    maven = shutil.which("mvn")
    if maven is None:
        raise Trouble("Maven is missing: it fetches PostgreSQL and Kafka (Debian: apt install maven).")
    print("Fetching PostgreSQL and Kafka (once, 60 MB) …", file=sys.stderr, flush=True)
    make_folder(found.postgres.parent)
    for interrupted in [*found.kafka.parent.glob(".fetching-*"), *found.postgres.parent.glob(".fetching-*")]:
        shutil.rmtree(interrupted, ignore_errors=True)
    with _scratch(found.kafka.parent) as jars:
        _run_maven(maven, jars)
        (packed,) = jars.glob("embedded-postgres-binaries-*.jar")
        if not found.postgres.exists():
            with _scratch(found.postgres.parent) as unpacked:
                _unpack(packed, unpacked)
                unpacked.rename(found.postgres)
        packed.unlink()
        if not found.kafka.exists():
            jars.rename(found.kafka)
    for old in [*found.kafka.parent.glob("kafka-*"), *found.postgres.parent.glob("postgres-*")]:
        if old not in (found.kafka, found.postgres):
            shutil.rmtree(old, ignore_errors=True)


def _run_maven(maven: str, into: Path) -> None:
    command = [
        *(maven, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies"),
        *(f"-DoutputDirectory={into}", f"-Dpostgres.platform={postgres_platform()}"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        said = [line for line in done.stdout.splitlines() if "ERROR" in line] or done.stderr.splitlines()
        raise Trouble(f"Maven could not fetch the engines: {said[0] if said else 'it said nothing'}")


def _unpack(packed: Path, into: Path) -> None:
    with zipfile.ZipFile(packed) as jar:
        (name,) = [name for name in jar.namelist() if name.endswith(".txz")]
        with (
            jar.open(name) as entry,
            lzma.open(entry) as plain,
            tarfile.open(fileobj=plain, mode="r|") as archive,
        ):
            for member in archive:
                member.mode |= 0o555 if member.isdir() or member.mode & 0o100 else 0o444
                archive.extract(member, into, set_attrs=True, numeric_owner=True)
    for part in (into, *into.rglob("*")):
        if os.geteuid() == 0:
            os.lchown(part, 0, 0)


def _check_java() -> None:
    said = subprocess.run([java(), "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < _JAVA_LEAST:
        raise Trouble(
            f"Java {version[1] if version else '?'} is too old: Kafka needs Java {_JAVA_LEAST} or newer."
        )


@contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A folder that is gone at the end, unless it was renamed."""
    folder = Path(tempfile.mkdtemp(prefix=".fetching-", dir=beside))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def main() -> int:
    try:
        programs()
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
