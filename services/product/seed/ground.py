"""What the offerings stand on: the catalogue, its categories, and the specifications of what is sold."""

from services.product.seed.declarations import Category, Specification

CATALOG = Category("national", "全国产品目录", "National catalogue")

CATEGORIES = (
    Category("postpaid-plans", "后付费套餐", "Postpaid plans"),
    Category("prepaid-plans", "预付费套餐", "Prepaid plans"),
    Category("data-options", "流量包", "Data packs"),
    Category("sms-options", "短信包", "SMS packs"),
    Category("service-options", "增值服务", "Services beside a plan"),
    Category("bundles", "融合套餐", "Bundles"),
    Category("fixed-lines", "固网宽带", "Fixed lines"),
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
    Specification("bundle", "融合套餐", "Several products at one price", "畅越"),
    Specification("counter-service", "营业受理", "Work done at a counter", "UniCRM"),
)
