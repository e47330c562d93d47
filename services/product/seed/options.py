"""Options: what is added to a plan. Those that rely on certain plans say which; the others go with any."""

from services.product.seed.declarations import Charge, Offering, data, messages, monthly, once

_5G_PLANS = ("plan-5g-99", "plan-5g-129", "plan-5g-199")

DATA = (
    Offering(
        "data-10gb",
        "10GB月流量包",
        "10 GB a month",
        "data-options",
        "data-pack",
        (monthly("data-10gb/monthly", "15.00"),),
        quotas=(data(10),),
        sold_alone=False,
    ),
    Offering(
        "data-30gb",
        "30GB月流量包",
        "30 GB a month",
        "data-options",
        "data-pack",
        (monthly("data-30gb/monthly", "30.00"),),
        quotas=(data(30),),
        sold_alone=False,
    ),
    Offering(
        "data-day",
        "1GB日流量包",
        "1 GB for a day",
        "data-options",
        "data-pack",
        (once("data-day/price", "5.00", "日包费", "Price of the day"),),
        quotas=(data(1),),
        sold_alone=False,
    ),
    Offering(
        "boost-5g",
        "5G极速包",
        "5G speed boost",
        "data-options",
        "data-pack",
        (monthly("boost-5g/monthly", "10.00"),),
        quotas=(data(20),),
        networks=("nr",),
        relies_on=_5G_PLANS,
        sold_alone=False,
    ),
    Offering(
        "data-500mb",
        "500MB月流量包",
        "500 MB a month",
        "data-options",
        "data-pack",
        (monthly("data-500mb/monthly", "10.00"),),
        sold_alone=False,
        state="Retired",
    ),
)

SMS = (
    Offering(
        "sms-100",
        "100条短信包",
        "100 messages a month",
        "sms-options",
        "sms-pack",
        (monthly("sms-100/monthly", "5.00"),),
        quotas=(messages(100),),
        sold_alone=False,
    ),
    Offering(
        "sms-500",
        "500条短信包",
        "500 messages a month",
        "sms-options",
        "sms-pack",
        (monthly("sms-500/monthly", "20.00"),),
        quotas=(messages(500),),
        sold_alone=False,
    ),
)

SERVICES = (
    Offering(
        "caller-id",
        "来电显示",
        "Caller id",
        "service-options",
        "service",
        (monthly("caller-id/monthly", "5.00", "月功能费", "Monthly fee"),),
        sold_alone=False,
    ),
    Offering(
        "missed-call-notice",
        "漏话提醒",
        "Notice of missed calls",
        "service-options",
        "service",
        (monthly("missed-call-notice/monthly", "3.00", "月功能费", "Monthly fee"),),
        sold_alone=False,
    ),
    Offering(
        "international-roaming",
        "国际漫游",
        "International roaming",
        "service-options",
        "service",
        (
            Charge(
                "international-roaming/deposit", "国际漫游押金", "Deposit for roaming", "deposit", "500.00"
            ),
            Charge("international-roaming/voice", "国际漫游语音", "Calls abroad", "usage", "0.99", "min"),
            Charge(
                "international-roaming/day", "国际漫游日包", "Data for a day abroad", "usage", "25.00", "day"
            ),
        ),
        sold_alone=False,
    ),
    Offering(
        "premium-number",
        "靓号服务",
        "Premium number",
        "service-options",
        "service",
        (once("premium-number/price", "500.00", "靓号选号费", "Choice of a premium number"),),
        sold_alone=False,
    ),
    Offering(
        "family-member",
        "全家享副卡",
        "Family member",
        "service-options",
        "service",
        (monthly("family-member/monthly", "10.00", "副卡月租", "Monthly fee of a member"),),
        relies_on=("plan-5g-129", "plan-5g-199"),
        sold_alone=False,
    ),
)
