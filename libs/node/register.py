"""The register of nodes: headquarters and the 31 provincial companies.

Codes are the letters of ISO 3166-2:CN in lower case; area codes are the long-distance codes (区号) of each
province's local networks, from the national numbering plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Tier = Literal["hq", "province"]
HQ = "hq"


@dataclass(frozen=True, slots=True)
class Node:
    """One deployment: headquarters, or the company of one province."""

    code: str
    tier: Tier
    name_zh: str
    name_en: str
    area_codes: tuple[str, ...]


def _areas(text: str) -> tuple[str, ...]:
    """`"0371-0379 0391"` → every code named, ranges included."""
    codes: list[str] = []
    for part in text.split():
        first, _, last = part.partition("-")
        codes += [f"0{n}" for n in range(int(first), int(last or first) + 1)]
    return tuple(codes)


_PROVINCES = (
    ("bj", "北京", "Beijing", "010"),
    ("tj", "天津", "Tianjin", "022"),
    ("he", "河北", "Hebei", "0310-0319 0335"),
    ("sx", "山西", "Shanxi", "0349-0359"),
    ("nm", "内蒙古", "Inner Mongolia", "0470-0479 0482-0483"),
    ("ln", "辽宁", "Liaoning", "024 0411-0419 0421 0427 0429"),
    ("jl", "吉林", "Jilin", "0431-0439"),
    ("hl", "黑龙江", "Heilongjiang", "0451-0459 0464 0467-0469"),
    ("sh", "上海", "Shanghai", "021"),
    ("js", "江苏", "Jiangsu", "025 0510-0519 0523 0527"),
    ("zj", "浙江", "Zhejiang", "0570-0580"),
    ("ah", "安徽", "Anhui", "0550-0559 0561-0566"),
    ("fj", "福建", "Fujian", "0591-0599"),
    ("jx", "江西", "Jiangxi", "0701 0790-0799"),
    ("sd", "山东", "Shandong", "0530-0539 0543 0546 0631-0635"),
    ("ha", "河南", "Henan", "0370-0379 0391-0396 0398"),
    ("hb", "湖北", "Hubei", "027 0710-0719 0722 0724 0728"),
    ("hn", "湖南", "Hunan", "0730-0739 0743-0746"),
    ("gd", "广东", "Guangdong", "020 0660 0662-0663 0668 0750-0760 0762-0763 0766 0768-0769"),
    ("gx", "广西", "Guangxi", "0770-0779"),
    ("hi", "海南", "Hainan", "0898"),
    ("cq", "重庆", "Chongqing", "023"),
    ("sc", "四川", "Sichuan", "028 0812-0813 0816-0818 0825-0827 0830-0839"),
    ("gz", "贵州", "Guizhou", "0851-0859"),
    ("yn", "云南", "Yunnan", "0691-0692 0870-0879 0883 0886-0888"),
    ("xz", "西藏", "Tibet", "0891-0897"),
    ("sn", "陕西", "Shaanxi", "029 0911-0917 0919"),
    ("gs", "甘肃", "Gansu", "0930-0939 0941 0943"),
    ("qh", "青海", "Qinghai", "0970-0979"),
    ("nx", "宁夏", "Ningxia", "0951-0955"),
    ("xj", "新疆", "Xinjiang", "0901-0903 0906 0908-0909 0990-0999"),
)


NODES: Mapping[str, Node] = MappingProxyType(
    {HQ: Node(HQ, "hq", "总部", "Headquarters", ())}
    | {code: Node(code, "province", zh, en, _areas(areas)) for code, zh, en, areas in _PROVINCES}
)
PROVINCES: tuple[str, ...] = tuple(code for code in NODES if code != HQ)

_BY_AREA = {area: node.code for node in NODES.values() for area in node.area_codes}


def province_of_area(area: str) -> str | None:
    """The province whose local network has this area code (`"020"` → `"gd"`), or None."""
    return _BY_AREA.get(area)
