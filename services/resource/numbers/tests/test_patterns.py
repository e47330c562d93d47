import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.resource.numbers.patterns import Pattern, PatternInvalid

PATTERNS = st.text("0123456789?*", min_size=1, max_size=24).filter(
    lambda text: len(re.findall(r"\*+", text)) <= 3
)
NUMBERS = st.text("0123456789", min_size=3, max_size=12)


def like(pattern: str, text: str) -> bool:
    """LIKE as PostgreSQL means it."""
    shape = "".join({"%": ".*", "_": "."}.get(sign, sign) for sign in pattern)
    return re.fullmatch(shape, text) is not None


@given(PATTERNS, NUMBERS)
def test_the_database_finds_what_fits(text: str, digits: str) -> None:
    pattern = Pattern(text)
    assert like(pattern.like, digits) == pattern.fits(digits)


@given(PATTERNS, NUMBERS)
def test_the_part_of_the_index_that_is_read_holds_all_that_fits(text: str, digits: str) -> None:
    pattern = Pattern(text)
    low, high = pattern.range
    key = digits[::-1] if pattern.way == "suffix" else digits
    if pattern.fits(digits):
        assert low <= key < high


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("130????88*", "prefix"),
        ("1300040*", "prefix"),
        ("*8888", "suffix"),
        ("?????123456", "suffix"),
        ("186*7777", "suffix"),
        ("*1688*", "inner"),
        ("130*999999*", "inner"),
        ("*", "prefix"),
        ("1?????????8", "suffix"),
    ],
)
def test_the_index_that_leaves_the_fewest_is_chosen(text: str, way: str) -> None:
    assert Pattern(text).way == way


@pytest.mark.parametrize("text", ["", "13a*", "130%", "130 *", "1" * 25, "130\n", "１３０*", "*1*2*3*"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternInvalid):
        Pattern(text)
