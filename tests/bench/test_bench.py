"""The bench itself, in its shortest form: it measures, keeps and draws. How fast anything is, is asserted nowhere."""

import json
from pathlib import Path

import pytest

from tests.bench import figures, orders, picture, reads
from tests.running import Bench


@pytest.fixture(autouse=True)
def shortest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "ROUNDS", 1)
    monkeypatch.setattr(orders, "ORDERS_A_ROUND", 20)
    monkeypatch.setattr(reads, "READS_A_ROUND", 20)


async def test_every_figure_stands_beside_its_bare_counterpart(bench: Bench, tmp_path: Path) -> None:
    found = [*await orders.accepting(bench), *await reads.reading(bench)]
    assert all(one.ours > 0 and one.bare > 0 and one.ratio == one.ours / one.bare for one in found)
    file = tmp_path / "bench.json"
    figures.report(found, file)
    kept = json.loads(file.read_text())
    assert [set(one) for one in kept] == [{"name", "unit", "ours", "bare", "ratio", "goal"}] * len(found)
    picture.draw(found, tmp_path / "bench.svg", "today")
    assert all(one.name in (tmp_path / "bench.svg").read_text() for one in found)


def test_a_part_that_is_measured_again_leaves_the_other_figures_be(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    one, other = (figures.Figure.of(name, "ms", [1.0], [2.0], "") for name in ("one", "other"))
    assert figures.kept(file, [one]) == [one]
    figures.report([one, other], file)
    again = figures.Figure.of("one", "ms", [3.0], [2.0], "")
    assert figures.kept(file, [again]) == [other, again]
