"""What codes say to people, in English and Chinese.

The texts of a code stand in the folder `texts/` beside the file that declares the code, as `en.po` and `zh_CN.po`;
the msgid is the code. `{name}` in a text is filled from the parameters of the reason.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from babel.messages.pofile import read_po

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-CN")

_FILES: dict[Language, str] = {"en": "en.po", "zh-CN": "zh_CN.po"}
_PLACE = re.compile(r"\{(\w+)\}")
_declared: set[tuple[Path, str]] = set()


def declare(folder: Path, msgid: str) -> None:
    """Remember that this msgid needs a text in `folder`, in every language."""
    _declared.add((folder, msgid))


def text(
    folder: Path, msgid: str, language: Language, params: Mapping[str, object] | None = None
) -> str | None:
    """The text in that language, else in English, with its places filled; None where there is neither."""
    found = catalog(folder, language).get(msgid) or catalog(folder, "en").get(msgid)
    if found is None or "{" not in found:
        return found
    known = params or {}
    return _PLACE.sub(lambda place: str(known.get(place[1], place[0])), found)


@lru_cache(maxsize=256)
def catalog(folder: Path, language: Language) -> Mapping[str, str]:
    """Every text of one folder in one language, by msgid; empty where the file does not exist."""
    file = folder / _FILES[language]
    if not file.is_file():
        return {}
    with file.open("rb") as source:
        entries = read_po(source, locale=_FILES[language].removesuffix(".po"), charset="utf-8")
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string}


def completeness() -> list[str]:
    """What is wrong with the texts of every declared msgid, one sentence each; empty when all is well.

    A text may lack in a language, or the languages may name different places.
    """
    faults = []
    for folder, msgid in sorted(_declared):
        texts = {language: catalog(folder, language).get(msgid) for language in LANGUAGES}
        faults += [f"{msgid}: no text in {folder / _FILES[at]}" for at, found in texts.items() if not found]
        places = {frozenset(_PLACE.findall(found)) for found in texts.values() if found}
        if len(places) > 1:
            faults.append(f"{msgid}: the languages name different places in {folder}")
    return faults


@lru_cache(maxsize=1024)
def language_of(accept_language: str) -> Language:
    """The language that an `Accept-Language` header prefers among ours; English where it names neither."""
    best: tuple[float, Language] = (0.0, "en")
    for wish in accept_language.split(","):
        tag, _, parameter = wish.strip().partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameter)
        quality = float(weight[1]) if weight else 0.0 if parameter else 1.0
        base = tag.strip().lower().partition("-")[0]
        if base in ("zh", "en") and quality > best[0]:
            best = (quality, "zh-CN" if base == "zh" else "en")
    return best[1]
