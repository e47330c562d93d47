"""Two real segments of China Unicom for each province's capital, and its area code.

Chosen from the data of `phonenumbers`: seven digits whose carrier is China Unicom and whose place is that city; a test
compares them with the library.
"""

from collections.abc import Mapping
from types import MappingProxyType

SEGMENTS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "bj": ("010", "1300010", "1860000"),  # Beijing
        "tj": ("022", "1300012", "1860220"),  # Tianjin
        "he": ("0311", "1300149", "1860311"),  # Shijiazhuang, Hebei
        "sx": ("0351", "1300700", "1860341"),  # Taiyuan, Shanxi
        "nm": ("0471", "1300950", "1860471"),  # Hohhot, Inner Mongolia
        "ln": ("024", "1300240", "1860240"),  # Shenyang, Liaoning
        "jl": ("0431", "1300091", "1860430"),  # Changchun, Jilin
        "hl": ("0451", "1300098", "1860360"),  # Harbin, Heilongjiang
        "sh": ("021", "1300020", "1860160"),  # Shanghai
        "js": ("025", "1300006", "1860140"),  # Nanjing, Jiangsu
        "zj": ("0571", "1300360", "1860571"),  # Hangzhou, Zhejiang
        "ah": ("0551", "1300300", "1860551"),  # Hefei, Anhui
        "fj": ("0591", "1300380", "1860508"),  # Fuzhou, Fujian
        "jx": ("0791", "1300620", "1860700"),  # Nanchang, Jiangxi
        "sd": ("0531", "1300000", "1860531"),  # Jinan, Shandong
        "ha": ("0371", "1300750", "1860371"),  # Zhengzhou, Henan
        "hb": ("027", "1300008", "1860270"),  # Wuhan, Hubei
        "hn": ("0731", "1300731", "1860731"),  # Changsha, Hunan
        "gd": ("020", "1300040", "1860200"),  # Guangzhou, Guangdong
        "gx": ("0771", "1300069", "1860771"),  # Nanning, Guangxi
        "hi": ("0898", "1300500", "1860890"),  # Haikou, Hainan
        "cq": ("023", "1300230", "1860230"),  # Chongqing
        "sc": ("028", "1300810", "1860280"),  # Chengdu, Sichuan
        "gz": ("0851", "1300780", "1860850"),  # Guiyang, Guizhou
        "yn": ("0871", "1300865", "1860871"),  # Kunming, Yunnan
        "xz": ("0891", "1560890", "1868900"),  # Lhasa, Tibet
        "sn": ("029", "1300290", "1860290"),  # Xi'an, Shaanxi
        "gs": ("0931", "1300087", "1860931"),  # Lanzhou, Gansu
        "qh": ("0971", "1300771", "1860971"),  # Xining, Qinghai
        "nx": ("0951", "1300796", "1860950"),  # Yinchuan, Ningxia
        "xj": ("0991", "1300096", "1860900"),  # Urumchi, Xinjiang
    }
)
"""Area code, a segment of `lte` numbers, a segment of `nr` numbers, by province."""
