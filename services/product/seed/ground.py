"""What the offerings stand on: the catalogue, its categories, and the specifications of what is sold."""

from services.product.seed.declarations import Category, Characteristic, Specification

CATALOG = Category("national", "全国产品目录", "National catalogue")

CATEGORIES = (
    Category("postpaid-plans", "后付费套餐", "Postpaid plans"),
    Category("prepaid-plans", "预付费套餐", "Prepaid plans"),
    Category("data-options", "流量包", "Data packs"),
    Category("sms-options", "短信包", "SMS packs"),
    Category("service-options", "增值服务", "Services beside a plan"),
    Category("bundles", "融合套餐", "Bundles"),
    Category("fixed-lines", "固网宽带", "Fixed lines"),
    Category("leased-lines", "集团专线", "Leased lines of groups", below="fixed-lines"),
    Category("business-fees", "营业受理费", "Counter fees, one for each business"),
)

SPECIFICATIONS = (
    Specification(
        "mobile-2g",
        "2G 移动电话",
        "Mobile telephony, 2G",
        "乡音",
        networks=("gsm",),
        measures=("voice-quota", "sms-quota"),
    ),
    Specification(
        "mobile-4g",
        "4G 移动电话",
        "Mobile telephony and data, 4G",
        "轻享",
        networks=("gsm", "lte"),
        measures=("data-quota", "voice-quota", "sms-quota"),
    ),
    Specification(
        "mobile-5g",
        "5G 移动电话",
        "Mobile telephony and data, 5G",
        "畅越",
        networks=("lte", "nr"),
        measures=("data-quota", "voice-quota", "sms-quota"),
    ),
    Specification(
        "mobile-prepaid",
        "预付费移动电话",
        "Prepaid mobile telephony and data",
        "随行",
        networks=("gsm", "lte", "nr"),
        measures=("data-quota", "voice-quota"),
    ),
    Specification("data-pack", "流量包", "Data on top of a plan", "畅越", measures=("data-quota",)),
    Specification("sms-pack", "短信包", "Messages on top of a plan", "轻享", measures=("sms-quota",)),
    Specification("service", "增值服务", "A service beside a plan", "畅越"),
    Specification("broadband", "光纤宽带", "Fibre line", "畅越", measures=("bandwidth",)),
    Specification("landline", "固定电话", "Fixed telephony", "畅越", measures=("voice-quota",)),
    Specification(
        "leased-line",
        "集团专线",
        "Leased line between two places of a group",
        "畅越",
        measures=("bandwidth",),
        characteristics=(
            Characteristic("endpoint-a", "A端地址", "Address of end A", "string"),
            Characteristic("area-a", "A端区号", "Area code of end A", "string"),
            Characteristic("endpoint-z", "Z端地址", "Address of end Z", "string"),
            Characteristic("area-z", "Z端区号", "Area code of end Z", "string"),
            Characteristic(
                "interface",
                "接口类型",
                "Interface",
                "string",
                values=("GE-optical", "GE-electrical", "10GE-optical"),
            ),
            Characteristic(
                "availability",
                "可用率",
                "Availability in a month",
                "number",
                values=("99.9", "99.95", "99.99"),
                unit="%",
            ),
            Characteristic(
                "repair-hours", "修复时限", "Repaired within", "number", values=("4", "8"), unit="h"
            ),
            Characteristic(
                "route-protection", "路由保护", "Two routes", "string", values=("none", "1+1"), at_least=0
            ),
        ),
    ),
    Specification("bundle", "融合套餐", "Several products at one price", "畅越"),
    Specification("counter-service", "营业受理", "Work done at a counter", "UniCRM"),
)
