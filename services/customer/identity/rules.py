"""What makes an identity number valid, and which spelling of it is the one that is compared.

Resident ids follow GB 11643-1999 and unified social credit codes GB 32100-2015: format, region and check digit are
checked by python-stdnum. Passports follow the document number of ICAO Doc 9303: letters and digits, nine at most;
we ask for five at least, one of them a digit, since no issuer numbers with less.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, get_args

from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

IdentificationType = Literal["resident-id", "passport", "uscc"]
PersonalType = Literal["resident-id", "passport"]

RESIDENT_ID = "resident-id"
OF_INDIVIDUALS: frozenset[str] = frozenset(get_args(PersonalType))
OF_ORGANIZATIONS: frozenset[str] = frozenset({"uscc"})

LONGEST = 32
"""Characters of a number as it may be sent; more is no document's."""

_SEPARATORS = str.maketrans("", "", " -\t")
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,9}")
_CODE = re.compile(r"[0-9A-Z]{18}")
_DOTS: Mapping[int, str] = MappingProxyType({ord(dot): "·" for dot in "•・‧∙⋅․"})


def normal_number(kind: str, number: str, today: date) -> str | None:
    """The number without separators and in capitals, or None where no such document has it.

    `today` (in Shanghai): nobody's resident id names a birthday to come.
    """
    if len(number) > LONGEST:
        return None
    compact = number.translate(_SEPARATORS).upper()
    if kind == "passport":
        return compact if _PASSPORT.fullmatch(compact) else None
    if not _CODE.fullmatch(compact):
        return None
    try:
        if kind == RESIDENT_ID:
            return compact if _is_resident_id(compact, today) else None
        if kind == "uscc":
            return str(uscc.validate(compact))
    except ValidationError:
        return None
    return None


def _is_resident_id(number: str, today: date) -> bool:
    """Format, check digit, birthday and region, by the parts of `stdnum.cn.ric`.

    Not by its `validate`: that wants the region to exist in the year of birth, but a number is given when somebody is
    first registered, and many born in the seventies carry the code of a district made later (310115, Pudong).
    """
    if not number[:17].isdigit() or number[17] != ric.calc_check_digit(number):
        return False
    parts = numdb.get("cn/loc").info(number[:6])
    return any("county" in properties for _, properties in parts) and birth_date(number) <= today


def birth_date(resident_id: str) -> date:
    """The birthday that a valid resident id names."""
    born: date = ric.get_birth_date(resident_id)
    return born


def born_on(given: str | datetime | date) -> date:
    """The day of a birth date as it was written: a birthday has no time zone. Raises ValueError for no date."""
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    return datetime.fromisoformat(given).date()


def normal_name(name: str) -> str:
    """A name as it is compared: one width of characters, capitals, single blanks, one kind of middle dot."""
    return " ".join(unicodedata.normalize("NFKC", name).translate(_DOTS).upper().split())
