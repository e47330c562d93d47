from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from services.customer.identity.rules import birth_date, born_on, normal_name, normal_number

TODAY = date(2026, 11, 24)
REGIONS = ("110101", "110105", "310101", "440103", "440106", "510104")


def resident_id(region: str, born: date, sequence: int) -> str:
    body = f"{region}{born:%Y%m%d}{sequence:03d}"
    return body + ric.calc_check_digit(body + "0")


resident_ids = st.builds(
    resident_id,
    st.sampled_from(REGIONS),
    st.dates(date(1940, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
)
PASSPORTS = ("E12345678", "EA1234567", "G00000001", "PE0123456", "C01X00T47", "12345")


@given(resident_ids)
def test_a_resident_id_with_its_check_digit_is_valid_and_its_own_normal_form(number: str) -> None:
    assert normal_number("resident-id", number, TODAY) == number
    assert (
        normal_number("resident-id", f" {number[:6]} {number[6:14]}-{number[14:].lower()}", TODAY) == number
    )


@given(resident_ids, st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_noticed(number: str, place: int, digit: str) -> None:
    other = number[:place] + digit + number[place + 1 :]
    assert (normal_number("resident-id", other, TODAY) is not None) == (other == number)


@given(st.text(max_size=40))
def test_what_is_no_number_is_refused_without_a_crash(text: str) -> None:
    for kind in ("resident-id", "passport", "uscc", "library-card"):
        found = normal_number(kind, text, TODAY)
        assert found is None or found.isascii()


@pytest.mark.parametrize(
    "number",
    [
        "",
        "110101",
        "11010119900307123",
        "110101199003071234",  # the check digit
        "990101199003071239",  # no such region
        "110101199013321230",  # no such day
        "１１０１０１199003071233",  # not our digits
        "110101199003071233\n",
        "110101199003071233" + " " * 20,
    ],
)
def test_a_bad_resident_id_is_refused(number: str) -> None:
    assert normal_number("resident-id", number, TODAY) is None


def test_nobody_is_born_tomorrow() -> None:
    number = resident_id("440106", TODAY, 1)
    assert normal_number("resident-id", number, TODAY) == number
    assert normal_number("resident-id", number, date(2026, 11, 23)) is None


@pytest.mark.parametrize("number", PASSPORTS)
def test_a_passport_has_five_to_nine_letters_and_digits(number: str) -> None:
    assert normal_number("passport", number, TODAY) == number
    assert normal_number("passport", number.lower()[:3] + " " + number.lower()[3:], TODAY) == number


@pytest.mark.parametrize(
    "number", ["", "E123", "ABCDEFGH", "E1234567890", "E1234_678", "Ｅ12345678", "E***45678"]
)
def test_a_bad_passport_is_refused(number: str) -> None:
    assert normal_number("passport", number, TODAY) is None


def test_a_credit_code_is_checked() -> None:
    body = "91440101MA5AB12C3"
    number = body + uscc.calc_check_digit(body)
    assert normal_number("uscc", number, TODAY) == number
    assert normal_number("uscc", number.lower(), TODAY) == number
    wrong = body + ("0" if number[-1] != "0" else "1")
    assert normal_number("uscc", wrong, TODAY) is None
    assert normal_number("resident-id", number, TODAY) is None


@given(st.dates(date(1940, 1, 1), date(2020, 12, 31)))
def test_a_resident_id_names_the_birthday(born: date) -> None:
    assert birth_date(resident_id("440106", born, 7)) == born
    assert born_on(f"{born}T00:00:00+08:00") == born_on(f"{born}") == born_on(f"{born}T00:00:00Z") == born


@pytest.mark.parametrize(
    ("one", "other"),
    [("张三", " 张三 "), ("Ｊｏｈｎ  Smith", "JOHN SMITH"), ("阿卜杜拉•买买提", "阿卜杜拉·买买提")],
)
def test_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)
