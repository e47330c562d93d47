from datetime import UTC, datetime, timedelta

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import geocoder

from libs.node import NODES, PROVINCES, province_of_area
from services.hq_router.homes.rules import (
    Home,
    NoHome,
    Override,
    Segment,
    area_of,
    home_of,
    province_of_place,
    segments_of,
)
from services.hq_router.homes.segments import read_plan

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
NUMBER = "13000401234"
GUANGDONG = Segment("1300040", "unicom", "gd")
MOBILE = Segment("1390000", "mobile", "xj")
UNASSIGNED = Segment("130", "unicom", None)


def ported(operator: str, node: str | None, *, begins: int = -1, ends: int | None = None) -> Override:
    """Days from now."""
    until = None if ends is None else NOON + timedelta(days=ends)
    return Override(NUMBER, operator, node, NOON + timedelta(days=begins), until)


def test_a_number_lives_where_its_segment_was_handed_out() -> None:
    assert home_of(NUMBER, GUANGDONG, None, NOON) == Home("gd")


def test_another_operators_number_is_not_ours() -> None:
    assert home_of("13900001234", MOBILE, None, NOON) == NoHome("number-not-ours", "mobile")


def test_what_nobody_was_given_is_unknown() -> None:
    assert home_of("13000031234", UNASSIGNED, None, NOON) == NoHome("number-unknown")
    assert home_of("13000031234", None, None, NOON) == NoHome("number-unknown")


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1",
        "130004012345",
        "1300040123",
        "23000401234",
        "12000401234",
        "+8613000401234",
        "1300040123a",
        "１３０",
    ],
)
def test_what_is_no_number_is_unknown(number: str) -> None:
    assert home_of(number, GUANGDONG, None, NOON) == NoHome("number-unknown")


def test_a_number_that_left_us_is_the_other_operators() -> None:
    assert home_of(NUMBER, GUANGDONG, ported("telecom", None), NOON) == NoHome("number-not-ours", "telecom")


def test_a_number_that_came_to_us_lives_where_it_is_served() -> None:
    assert home_of(NUMBER, MOBILE, ported("unicom", "sh"), NOON) == Home("sh")
    assert home_of(NUMBER, None, ported("unicom", "sh"), NOON) == Home("sh")


def test_an_entry_counts_from_its_first_moment_until_its_last() -> None:
    entry = ported("telecom", None, begins=0, ends=2)
    before, last = NOON - timedelta(microseconds=1), NOON + timedelta(days=2)
    assert home_of(NUMBER, GUANGDONG, entry, before) == Home("gd")
    assert home_of(NUMBER, GUANGDONG, entry, NOON) == NoHome("number-not-ours", "telecom")
    assert home_of(NUMBER, GUANGDONG, entry, last - timedelta(microseconds=1)).__class__ is NoHome
    assert home_of(NUMBER, GUANGDONG, entry, last) == Home("gd")


def test_who_says_it_is_not_theirs_is_not_asked_again() -> None:
    assert home_of(NUMBER, GUANGDONG, None, NOON, tried=("gd",)) == NoHome("number-unknown")
    entry = ported("unicom", "sh")
    assert home_of(NUMBER, GUANGDONG, entry, NOON, tried=("sh",)) == Home("gd")
    assert home_of(NUMBER, GUANGDONG, entry, NOON, tried=("sh", "gd")) == NoHome("number-unknown")


@given(st.sampled_from([(area, node.code) for node in NODES.values() for area in node.area_codes]), st.data())
def test_a_fixed_line_lives_where_its_area_code_is(area: tuple[str, str], data: st.DataObject) -> None:
    code, province = area
    line = data.draw(st.from_regex(r"[2-9][0-9]{6,7}", fullmatch=True))
    assert area_of(code + line) == code
    assert home_of(code + line, None, None, NOON) == Home(province)


def test_a_fixed_line_of_no_area_of_ours_is_unknown() -> None:
    assert province_of_area("0999") == "xj"
    assert home_of("09802345678", None, None, NOON) == NoHome("number-unknown")


operators = st.sampled_from(["unicom", "mobile", "telecom", "broadnet"])
nodes = st.sampled_from(PROVINCES)
segments = st.none() | st.builds(Segment, st.just("1300040"), operators, st.none() | nodes)
overrides = st.none() | st.builds(
    lambda operator, node, begins, length: ported(
        operator, node if operator == "unicom" else None, begins=begins, ends=begins + length
    ),
    operators,
    nodes,
    st.integers(-5, 5),
    st.integers(1, 5),
)


@given(st.text(max_size=14) | st.just(NUMBER), segments, overrides, st.lists(nodes, max_size=4))
def test_every_number_has_one_home_never_tried_or_one_reason(
    number: str, segment: Segment | None, override: Override | None, tried: list[str]
) -> None:
    found = home_of(number, segment, override, NOON, tried)
    if isinstance(found, Home):
        assert found.node in PROVINCES
        assert found.node not in tried
    else:
        assert (found.code == "number-not-ours") == (found.operator is not None)
        assert found.operator != "unicom"


def test_place_names_become_nodes() -> None:
    assert province_of_place("广东省广州市") == "gd"
    assert province_of_place("内蒙古呼和浩特市") == "nm"
    assert province_of_place("黑龙江省哈尔滨市") == "hl"
    assert province_of_place("陕西省西安市") == "sn"
    assert province_of_place("山西省太原市") == "sx"
    with pytest.raises(ValueError, match="台湾"):
        province_of_place("台湾省台北市")


def test_a_shorter_segment_names_the_operator_of_longer_ones() -> None:
    made = set(
        segments_of(
            {"130": "China Unicom", "15": "China Mobile"}, {"1300040": "广东省广州市", "1510": "北京市"}
        )
    )
    assert made == {
        Segment("1300040", "unicom", "gd"),
        Segment("1510", "mobile", "bj"),
        Segment("130", "unicom", None),
        Segment("15", "mobile", None),
    }


def test_the_whole_plan_agrees_with_its_source() -> None:
    """Every segment's province and operator, against the library's own answer for a number in it."""
    plan = list(read_plan())
    placed = [segment for segment in plan if segment.node is not None]
    assert len(placed) > 129_000
    assert {segment.node for segment in placed} == set(PROVINCES)
    assert len({segment.prefix for segment in plan}) == len(plan)
    for segment in placed[::997]:
        number = phonenumbers.parse(f"+86{segment.prefix:0<11}")
        place = geocoder.description_for_number(number, "zh")
        assert place.startswith(NODES[str(segment.node)].name_zh)
