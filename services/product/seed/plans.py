"""Plans, lines and bundles. Names and brands are made up; prices and quotas are like those of today."""

from services.product.seed.declarations import (
    Charge,
    Offering,
    Part,
    Quota,
    data,
    messages,
    monthly,
    once,
    voice,
)

DATA_BEYOND = Charge("data-beyond-quota", "套外流量", "Data beyond the quota", "usage", "3.00", "GB")
VOICE_BEYOND = Charge("voice-beyond-quota", "套外语音", "Calls beyond the quota", "usage", "0.15", "min")
SMS_BEYOND = Charge("sms-beyond-quota", "套外短信", "Messages beyond the quota", "usage", "0.10", "SMS")
BEYOND = (DATA_BEYOND, VOICE_BEYOND, SMS_BEYOND)
"""The same for every plan: one price record each, named by them all."""

POSTPAID = (
    Offering(
        "plan-4g-29",
        "轻享4G 29元套餐",
        "Light 4G 29",
        "postpaid-plans",
        "mobile-4g",
        (monthly("plan-4g-29/monthly", "29.00"), *BEYOND),
        quotas=(data(5), voice(100)),
    ),
    Offering(
        "plan-4g-59",
        "轻享4G 59元套餐",
        "Light 4G 59",
        "postpaid-plans",
        "mobile-4g",
        (monthly("plan-4g-59/monthly", "59.00"), *BEYOND),
        quotas=(data(20), voice(300), messages(50)),
    ),
    Offering(
        "plan-5g-99",
        "畅越5G 99元套餐",
        "Beyond 5G 99",
        "postpaid-plans",
        "mobile-5g",
        (monthly("plan-5g-99/monthly", "99.00"), *BEYOND),
        quotas=(data(40), voice(500), messages(50)),
    ),
    Offering(
        "plan-5g-129",
        "畅越5G 129元套餐",
        "Beyond 5G 129",
        "postpaid-plans",
        "mobile-5g",
        (monthly("plan-5g-129/monthly", "129.00"), *BEYOND),
        quotas=(data(60), voice(700), messages(100)),
    ),
    Offering(
        "plan-5g-199",
        "畅越5G 199元套餐",
        "Beyond 5G 199",
        "postpaid-plans",
        "mobile-5g",
        (monthly("plan-5g-199/monthly", "199.00"), *BEYOND),
        quotas=(data(100), voice(1000), messages(200)),
    ),
    Offering(
        "plan-5g-299",
        "畅越5G 299元套餐",
        "Beyond 5G 299",
        "postpaid-plans",
        "mobile-5g",
        (monthly("plan-5g-299/monthly", "299.00"), *BEYOND),
        quotas=(data(200), voice(2000), messages(300)),
        valid_from="2040-01-01T00:00:00+08:00",
    ),
    Offering(
        "plan-5g-senior-39",
        "畅越5G 银龄39元套餐",
        "Beyond 5G Senior 39",
        "postpaid-plans",
        "mobile-5g",
        (monthly("plan-5g-senior-39/monthly", "39.00"), *BEYOND),
        quotas=(data(10), voice(300)),
        state="In test",
    ),
    Offering(
        "plan-2g-16",
        "乡音2G 16元套餐",
        "Homeland 2G 16",
        "postpaid-plans",
        "mobile-2g",
        (monthly("plan-2g-16/monthly", "16.00"), VOICE_BEYOND, SMS_BEYOND),
        quotas=(voice(60), messages(30)),
        state="Retired",
    ),
)

PREPAID = (
    Offering(
        "prepaid-card",
        "随行预付费卡",
        "Companion prepaid card",
        "prepaid-plans",
        "mobile-prepaid",
        (
            monthly("prepaid-card/monthly", "8.00", "月功能费", "Monthly fee"),
            Charge("prepaid-card/day-data", "日租流量", "Data for a day, 1 GB", "usage", "1.00", "day"),
            VOICE_BEYOND,
            SMS_BEYOND,
        ),
        quotas=(voice(30),),
    ),
    Offering(
        "prepaid-traveller",
        "随行旅游卡",
        "Companion traveller's card",
        "prepaid-plans",
        "mobile-prepaid",
        (
            once("prepaid-traveller/price", "100.00", "套卡价", "Price of the card, 30 days"),
            VOICE_BEYOND,
        ),
        quotas=(data(30), voice(100)),
    ),
)

LINES = (
    Offering(
        "broadband-300",
        "畅越光宽带300M",
        "Beyond fibre 300",
        "fixed-lines",
        "broadband",
        (
            monthly("broadband-300/monthly", "50.00"),
            once("broadband-300/installation", "100.00", "安装调测费", "Installation"),
        ),
        quotas=(Quota("bandwidth", 300),),
    ),
    Offering(
        "landline-20",
        "畅越固话20元",
        "Beyond landline 20",
        "fixed-lines",
        "landline",
        (
            monthly("landline-20/monthly", "20.00"),
            once("landline-20/installation", "20.00", "安装费", "Installation"),
            VOICE_BEYOND,
        ),
        quotas=(voice(100),),
    ),
)


def _leased_line(megabits: int, fee: str, installation: str, availability: str, repaired: str) -> Offering:
    key, called = f"leased-line-{megabits}", f"{megabits // 1000}G" if megabits >= 1000 else f"{megabits}M"
    return Offering(
        key,
        f"集团专线{called}",
        f"Leased line {called}",
        "leased-lines",
        "leased-line",
        (
            monthly(f"{key}/monthly", fee, "专线月租费", "Monthly fee of the line"),
            once(f"{key}/installation", installation, "专线开通费", "Installation of the line"),
        ),
        quotas=(Quota("bandwidth", megabits),),
        said=(("availability", availability), ("repair-hours", repaired)),
        for_groups=True,
    )


LEASED_LINES = (
    _leased_line(10, "1500.00", "1000.00", "99.9", "8"),
    _leased_line(100, "6000.00", "2000.00", "99.9", "8"),
    _leased_line(500, "18000.00", "3000.00", "99.95", "4"),
    _leased_line(1000, "30000.00", "5000.00", "99.99", "4"),
)

BUNDLES = (
    Offering(
        "bundle-home-159",
        "畅越全家享159元",
        "Beyond Home 159",
        "bundles",
        "bundle",
        (monthly("bundle-home-159/monthly", "159.00"),),
        consists_of=(Part("plan-5g-129"), Part("broadband-300")),
    ),
    Offering(
        "bundle-family-219",
        "家庭融合套餐219元",
        "Family bundle 219",
        "bundles",
        "bundle",
        (
            monthly("bundle-family-219/monthly", "219.00"),
            once("bundle-family-219/installation", "50.00", "上门安装费", "Installation at home"),
        ),
        consists_of=(
            Part("plan-5g-199"),
            Part("family-member", at_least=0, at_most=4, default=2),
            Part("broadband-300"),
            Part("landline-20", at_least=0, default=0),
        ),
    ),
)
