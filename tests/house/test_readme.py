"""What the Markdown files say can be followed: links lead somewhere, commands, settings and services exist."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from deploy import services
from deploy.cli.main import app
from deploy.containers.tests.composed import variables
from deploy.contracts import documents
from deploy.simulators.settings import FleetSettings, SimulatorSettings
from libs.node import Settings
from libs.web.errors import Code

ROOT = Path(__file__).parents[2]
_ELSEWHERE = frozenset({".git", ".venv", ".local"})
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_TARGET = re.compile(r"\bmake ([a-z]+(?:-[a-z]+)*)")
_COMMAND = re.compile(r"\bunicrm ((?:[a-z]+(?:-[a-z]+)* ?)+)")
_SETTING = re.compile(r"\bUNICRM_[A-Z0-9_]*[A-Z0-9]\b")
_REFUSAL = re.compile(r"\b(?:400|401|403|404|409|413|415|429|503) `([a-z]+(?:-[a-z]+)*)`")
_OUTSIDE = frozenset({"UNICRM_SETTINGS_FILE"})
"""Names the file that settings are read from, so it is no setting itself."""


def _pages() -> list[Path]:
    found = [
        page
        for page in ROOT.rglob("*.md")
        # Folders with a dot are tools' own.
        if not any(part in _ELSEWHERE or part.startswith(".") for part in page.relative_to(ROOT).parts)
    ]
    return sorted(found)


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


pages = pytest.mark.parametrize("page", _pages(), ids=_named)


def _commands(page: Path) -> str:
    """Only what is meant to be typed: code in the text, and the fenced blocks."""
    text = page.read_text()
    return "\n".join([*_FENCE.findall(text), *_CODE.findall(_FENCE.sub("", text))])


def _anchors(page: Path) -> set[str]:
    """The headings of a page as addresses: lower case, blanks as hyphens, punctuation gone."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


@pages
def test_every_make_target_exists(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(_TARGET.findall(_commands(page))) - known == set()


@pages
def test_every_command_exists(page: Path) -> None:
    unknown = [words for words in _COMMAND.findall(_commands(page)) if not _is_command(words.split())]
    assert unknown == []


def _is_command(words: list[str]) -> bool:
    """Whether the first word is a command of `unicrm`, and of a group of commands the second one too."""
    command: Any = get_command(app)
    for word in words:
        if not (offered := getattr(command, "commands", None)):
            return True
        if word not in offered:
            return False
        command = offered[word]
    return True


def _settings() -> set[str]:
    of_nodes = {f"UNICRM_{name.upper()}" for name in Settings.model_fields}
    shared = {f"UNICRM_{name.upper()}" for name in FleetSettings.model_fields}
    return of_nodes | shared | _of_simulators()


def _of_simulators() -> set[str]:
    return {f"UNICRM_SIMULATOR_{name.upper()}" for name in SimulatorSettings.model_fields}


@pages
def test_every_setting_that_is_named_exists(page: Path) -> None:
    assert set(_SETTING.findall(page.read_text())) - _settings() - _OUTSIDE - variables() == set()


def test_every_setting_of_a_node_is_explained() -> None:
    named = set(_SETTING.findall((ROOT / "README.md").read_text()))
    assert _settings() - _of_simulators() - named == set()


def test_every_service_is_on_the_map() -> None:
    text = (ROOT / "README.md").read_text()
    missing = [
        package
        for package in services.packages()
        if f"| `{package}` " not in text or f"(services/{package}/README.md)" not in text
    ]
    assert missing == []


def test_every_folder_on_the_map_exists() -> None:
    text = (ROOT / "README.md").read_text()
    section = text[text.index("## Where things are") : text.index("## How to add")]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in _CODE.findall(row) if "<" not in name]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pages
def test_every_code_that_is_named_with_its_status_exists(page: Path) -> None:
    known = _codes()
    assert {name for name in _REFUSAL.findall(page.read_text()) if name not in known} == set()


def _codes() -> set[str]:
    """The names of all codes: of each service's `errors.py`, and of libs'."""
    found = set()
    for file in [*ROOT.glob("libs/*/codes.py"), *ROOT.glob("services/*/errors.py")]:
        module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
        found |= {one.name for one in vars(module).values() if isinstance(one, Code)}
    return found


def _messages() -> Iterator[str]:
    """The types of all messages that services say they send or take in."""
    for file, text in documents().items():
        if file.suffix == ".yaml":
            yield from re.findall(r"\bunicrm\.[a-z.-]+\.v[0-9]+", text)


def test_integrators_are_told_of_every_message_and_of_no_other() -> None:
    named = set(re.findall(r"\bunicrm\.[a-z.-]+\.v[0-9]+", (ROOT / "contracts" / "README.md").read_text()))
    assert named == set(_messages())


@pages
def test_bodies_that_are_shown_are_json(page: Path) -> None:
    for block in re.findall(r"^```json\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        json.loads(block)
