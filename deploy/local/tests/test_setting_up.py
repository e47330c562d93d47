"""Setting up says in one sentence what is missing, and goes on where it was interrupted."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from deploy.local.places import ROOT
from tests.engines import eventually

_JAVA = "echo 'openjdk version \"{version}\" 2025-01-01' >&2"
_SLOW_MAVEN = 'touch "$(dirname "$0")/asked"; exec sleep 60'
_MAVEN = """
for argument; do case "$argument" in -DoutputDirectory=*) folder="${argument#*=}";; esac; done
cp "$(dirname "$0")"/*.jar "$folder"
"""
_FILES = (
    *("Makefile", "requirements.lock", "pyproject.toml", "deploy/__init__.py", "deploy/local/__init__.py"),
    *(f"deploy/local/{name}" for name in ("fetch.py", "places.py", "trouble.py", "pom.xml")),
)
_PROGRAMS = [
    "sh",
    "cp",
    "dirname",
    "touch",
    "sleep",
    "make",
    "awk",
    "cat",
    "cksum",
    "tr",
    "mkdir",
    "rm",
    "test",
]
# As `make` runs it: not that of the virtual environment, which may not be there yet.
_PYTHON = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"


class Checkout:
    """As much of a fresh checkout as fetching needs, and a machine that has the programs given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.bin = folder / "bin"
        (self.folder / "deploy" / "local").mkdir(parents=True)
        for name in _FILES:
            shutil.copy(ROOT / name, self.folder / name)
        self.bin.mkdir()
        for name in _PROGRAMS:
            if (program := shutil.which(name)) is not None:
                (self.bin / name).symlink_to(program)

    def install(self, name: str, script: str) -> None:
        file = self.bin / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    @property
    def machine(self) -> dict[str, str]:
        return {"PATH": str(self.bin), "HOME": str(self.folder)}

    def fetching(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [_PYTHON, "-m", "deploy.local.fetch"],
            cwd=self.folder,
            env=self.machine,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def fetch(self) -> tuple[int, str]:
        with self.fetching() as process:
            _, said = process.communicate(timeout=30)
        return process.returncode, said

    def make(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=self.machine,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    # Not below pytest's own folder, which is closed: what PostgreSQL needs would then lie elsewhere.
    with tempfile.TemporaryDirectory(prefix="unicrm-checkout-") as folder:
        Path(folder).chmod(0o755)
        yield Checkout(Path(folder))


def lines(said: str) -> list[str]:
    return [line for line in said.splitlines() if line and not line.startswith(("Fetching", "make: "))]


def test_without_java_it_says_so(checkout: Checkout) -> None:
    status, said = checkout.fetch()
    assert status == 1
    (line,) = lines(said)
    assert line.startswith("Java is missing")


def test_a_java_that_is_too_old_is_named(checkout: Checkout) -> None:
    checkout.install("java", _JAVA.format(version="11.0.2"))
    status, said = checkout.fetch()
    assert (status, lines(said)) == (1, ["Java 11 is too old: Kafka needs Java 17 or newer."])


def test_without_maven_it_says_so(checkout: Checkout) -> None:
    checkout.install("java", _JAVA.format(version="17.0.1"))
    status, said = checkout.fetch()
    assert status == 1
    (line,) = lines(said)
    assert line.startswith("Maven is missing")


def test_what_maven_complains_of_is_told_in_a_sentence(checkout: Checkout) -> None:
    checkout.install("java", _JAVA.format(version="17.0.1"))
    checkout.install("mvn", "echo '[ERROR] the network is away'; exit 1")
    status, said = checkout.fetch()
    assert (status, lines(said)) == (1, ["Maven could not fetch the engines: [ERROR] the network is away"])


def test_without_python_it_says_so(checkout: Checkout) -> None:
    status, said = checkout.make("setup", "PYTHON=python3.11")
    assert status != 0
    (line,) = lines(said)
    assert line.startswith("Python 3.11 is missing")


def test_without_the_module_venv_it_says_so(checkout: Checkout) -> None:
    checkout.install("python3.11", "exit 1")
    status, said = checkout.make("setup")
    assert status != 0
    (line,) = lines(said)
    assert line.startswith("Python's venv is missing")


async def test_a_fetching_that_was_killed_begins_again_and_leaves_nothing_half(checkout: Checkout) -> None:
    checkout.install("java", _JAVA.format(version="21"))
    checkout.install("mvn", _SLOW_MAVEN)
    with checkout.fetching() as process:
        await eventually((checkout.bin / "asked").exists)
        os.killpg(process.pid, SIGKILL)
    engines = checkout.folder / ".local" / "engines"
    assert list(engines.glob(".fetching-*")), "it was killed before it had begun"

    _pack(checkout.bin)
    checkout.install("mvn", _MAVEN)
    assert checkout.fetch()[0] == 0
    assert not list(engines.glob(".fetching-*"))
    (kafka,) = engines.glob("kafka-*")
    assert [file.name for file in kafka.iterdir()] == ["kafka.jar"]
    # Maven is gone, and is not missed: all is there.
    (checkout.bin / "mvn").unlink()
    assert checkout.fetch() == (0, "")


def _pack(folder: Path) -> None:
    """What Maven would bring: a jar of Kafka, and the binaries of PostgreSQL in an archive in a jar."""
    (folder / "kafka.jar").write_bytes(b"")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz") as packed:
        program = tarfile.TarInfo("bin/postgres")
        program.mode = 0o755
        packed.addfile(program, io.BytesIO(b""))
    with zipfile.ZipFile(folder / "embedded-postgres-binaries-here-1.jar", "w") as jar:
        jar.writestr("postgres-here.txz", archive.getvalue())
