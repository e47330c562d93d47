"""How personal data looks to those who need not know it.

Decided here, once, and applied where a value is serialised, so that list, detail, search, export and log
agree. Masking twice changes nothing.
"""

import re

_STAR = "*"
_TEL = re.compile(r"^(tel:\+?86|tel:|\+86)")
_NAME = r"[^\s\d]{1,8}?"
# An estate (小区, 园区, 社区) is no division, and a district counts only below a city or a province.
_DISTRICT = rf"{_NAME}(?:(?<![小园社])区|自治县|县|自治旗|旗|市)"
_DIVISIONS = re.compile(
    rf"^(?:{_NAME}(?:省|自治区)(?:{_NAME}(?:自治州|地区|盟|市))?|{_NAME}市)(?:{_DISTRICT})?"
)


def mask_phone(number: str) -> str:
    """`13012345678` → `130****5678`; `tel:+86…` keeps its prefix; of a short number only the last two
    stay."""
    prefix = match.group() if (match := _TEL.match(number)) else ""
    digits = number[len(prefix) :]
    if len(digits) >= 11:
        return prefix + _keep(digits, 3, 4)
    return prefix + _keep(digits, 0, 2 if len(digits) >= 5 else 0)


def mask_identity(number: str) -> str:
    """`11010519491231002X` → `110***********002X`; of a shorter one (a passport) the first and the last two
    stay."""
    if len(number) >= 15:
        return _keep(number, 3, 4)
    return _keep(number, 1, 2) if len(number) >= 7 else _keep(number, 0, 0)


def mask_name(name: str) -> str:
    """`张三丰` → `张**`, `John Smith` → `J*** S****`; a name of one character is hidden whole."""
    words = name.split(" ")
    if len("".join(words)) <= 1:
        return _STAR * len(name)
    return " ".join(_keep(word, 1, 0) if word else "" for word in words)


def mask_address(address: str) -> str:
    """`广东省广州市天河区体育西路103号` → `广东省广州市天河区****`: the divisions stay, street and door do
    not.

    How long the rest was is not told. An address in another form keeps nothing.
    """
    if not address:
        return address
    kept = match.group() if (match := _DIVISIONS.match(address)) else ""
    return kept + _STAR * 4


def _keep(text: str, first: int, last: int) -> str:
    hidden = max(len(text) - first - last, 0)
    return text[:first] + _STAR * hidden + text[len(text) - last :] if last else text[:first] + _STAR * hidden
