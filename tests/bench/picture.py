"""The figures as a picture for the README: one bar for each, as a share of its bare counterpart."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.bench.figures import Figure

_WIDTH, _ROW, _LEFT, _BAR = 980, 34, 330, 360
_TITLE = "UniCRM (dark) beside its bare counterparts (pale)"
_OURS, _BARE, _INK, _PALE = "#2f6f9f", "#c9d3da", "#1d2730", "#6b7780"


def draw(figures: Sequence[Figure], file: Path, caption: str) -> None:
    """An SVG with a pair of bars for each figure: ours and bare, the larger of the two filling the width."""
    rows = [_row(figure, 56 + place * _ROW) for place, figure in enumerate(figures)]
    height = 56 + len(rows) * _ROW + 20
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="20" y="24" fill="{_INK}" font-size="14" font-weight="bold">{_TITLE}</text>\n'
        f'<text x="20" y="42" fill="{_PALE}">{escape(caption)}</text>\n' + "\n".join(rows) + "\n</svg>\n"
    )


def _row(figure: Figure, top: int) -> str:
    most = max(figure.ours, figure.bare) or 1.0
    lines = [_text(_LEFT - 12, top + 16, figure.name, _INK, "end")]
    for shift, value, colour in ((3, figure.ours, _OURS), (14, figure.bare, _BARE)):
        width = max(1, round(_BAR * value / most))
        lines.append(f'<rect x="{_LEFT}" y="{top + shift}" width="{width}" height="10" fill="{colour}"/>')
    said = f"{number(figure.ours)} : {number(figure.bare)} {figure.unit} = {figure.ratio:.2f}"
    lines.append(_text(_LEFT + _BAR + 12, top + 16, said, _PALE, "start"))
    return "\n".join(lines)


def _text(x: int, y: int, text: str, colour: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{escape(text)}</text>'


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
