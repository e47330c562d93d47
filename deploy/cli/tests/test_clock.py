"""`unicrm clock advance`: forward, for a development fleet, or one sentence that says why not."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.local import plan
from libs.clock import ShiftedClock

ENGINES = {"UNICRM_POSTGRES_URL": "postgresql://u:p@h:5432", "UNICRM_KAFKA": "h:9092"}


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UNICRM_NODE", "UNICRM_DEVELOPMENT", "UNICRM_CLOCK_FILE", "UNICRM_SETTINGS_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a local fleet that was up."""
    monkeypatch.setattr(plan, "LOCAL", tmp_path)
    (tmp_path / "up").mkdir()
    return tmp_path / "up"


def advance(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["clock", "advance", *arguments])


def test_the_fleet_moves_forward_and_further(local: Path) -> None:
    fleet = ShiftedClock(local / "clock")
    before = fleet.now()
    assert advance("1d12h").exit_code == 0
    told = advance("90s")
    assert told.exit_code == 0
    said = re.search(r"It is now (\S+) for the fleet", told.output)
    assert said is not None
    now = fleet.now()
    assert timedelta(days=1, hours=12, seconds=90) <= now - before < timedelta(days=1, hours=12, minutes=5)
    assert abs(datetime.fromisoformat(said[1]) - now) < timedelta(seconds=5)


@pytest.mark.parametrize("span", ["", "1", "d", "-1d", "1w", "1.5h", "1d 2h", "1d-2h", "tomorrow"])
def test_what_is_no_span_forward_changes_nothing(local: Path, span: str) -> None:
    told = advance("--", span)
    assert told.exit_code == 1
    assert "is no span of time" in told.output
    assert not (local / "clock").exists()


def test_a_fleet_that_was_never_up_is_said(local: Path) -> None:
    told = advance("1d", "--place", "elsewhere")
    assert (told.exit_code, "There is no fleet" in told.output) == (1, True)


@pytest.mark.parametrize("development", ["false", "true"])
def test_the_time_of_a_node_that_has_no_clock_file_is_the_machines(
    local: Path, monkeypatch: pytest.MonkeyPatch, development: str
) -> None:
    for name, value in (ENGINES | {"UNICRM_NODE": "hq", "UNICRM_DEVELOPMENT": development}).items():
        monkeypatch.setenv(name, value)
    told = advance("1d")
    assert (told.exit_code, "only a development fleet's" in told.output) == (1, True)
    assert not (local / "clock").exists()


def test_a_node_moves_the_fleet_that_it_belongs_to_in_development_alone(
    local: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "shared-clock"
    for name, value in (ENGINES | {"UNICRM_NODE": "hq", "UNICRM_CLOCK_FILE": str(file)}).items():
        monkeypatch.setenv(name, value)
    told = advance("1d")
    assert (told.exit_code, "for development alone" in told.output) == (1, True)
    assert not file.exists()
    monkeypatch.setenv("UNICRM_DEVELOPMENT", "true")
    assert advance("1d").exit_code == 0
    assert file.exists()
    assert not (local / "clock").exists()
