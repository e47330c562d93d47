"""The rules of the house, kept by tools: who imports whom, how code is laid out and typed, which documents are true."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import services
from deploy.contracts import drift
from libs.web import texts

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def _run(*command: str) -> None:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "command",
    [
        ("lint-imports", "--no-cache"),
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
    ],
    ids=lambda command: " ".join(command),
)
def test_a_tool_of_the_house_finds_nothing(command: tuple[str, ...]) -> None:
    _run(*command)


def test_the_published_documents_say_what_the_code_does() -> None:
    assert drift() == []


def test_every_code_has_a_text_in_both_languages() -> None:
    for package in services.packages():
        services.service(package)
    assert texts.completeness() == []


def test_no_file_outgrows_a_thought() -> None:
    long = [
        str(file.relative_to(ROOT))
        for folder in ("libs", "contracts", "services", "deploy", "tests")
        for file in (ROOT / folder).rglob("*.py")
        if "versions" not in file.parts and len(file.read_text().splitlines()) > 400
    ]
    assert long == []


def test_every_service_has_a_page_of_its_own() -> None:
    missing = [
        package
        for package in services.packages()
        if not (ROOT / "services" / package / "README.md").is_file()
    ]
    assert missing == []


def test_nothing_names_a_registry() -> None:
    for name in ("requirements.lock", "requirements.in", "pyproject.toml", "deploy/local/pom.xml"):
        text = (ROOT / name).read_text()
        assert "--index-url" not in text, name
        assert "--find-links" not in text, name
