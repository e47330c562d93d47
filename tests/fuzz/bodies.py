"""A valid body for everything that takes one, as front ends would send it to the services that stand there."""

from collections.abc import Mapping, Sequence
from typing import Any

from joserfc.jwk import ECKey

from services.customer.seed import resident_id
from tests.fuzz import orders
from tests.fuzz.asked import OWNER, Asked, Maker, named, yuan
from tests.fuzz.world import (
    ACCOUNTS,
    BORN,
    CANCELS,
    CATEGORIES,
    CHECKS,
    CUSTOMERS,
    FILES,
    INDIVIDUALS,
    LOGICAL,
    OFFERINGS,
    ORDERS,
    ORGANIZATIONS,
    PAYMENTS,
    PHYSICAL,
    PRICES,
    PRODUCTS,
    REFUNDS,
    SPECIFICATIONS,
    Document,
)

WRITER = ECKey.generate_key("P-256", {"kid": "writer-3"}).as_dict(private=False)
CATALOGUE = "/tmf-api/productCatalogManagement/v4"
ACCOUNT_API = "/tmf-api/accountManagement/v4"


# -- customer


def check(asked: Asked) -> Document:
    return {
        "identificationType": "resident-id",
        "identificationId": resident_id("gd" if asked.world.node == "hq" else asked.world.node, OWNER),
        "name": OWNER.full_name,
        "method": asked.chance.choice(("id-reader", "face", "document-photo", "sms-code")),
    }


def _individual(asked: Asked) -> Document:
    document = {
        "identificationType": "resident-id",
        "identificationId": asked.world.resident_id(),
        "issuingAuthority": "广州市公安局",
        "attachment": {"name": "front.jpg", "content": "c2VjcmV0"},
    }
    return {
        "familyName": "张",
        "givenName": "三",
        "gender": "female",
        "birthDate": f"{BORN}T00:00:00+08:00",
        "individualIdentification": [document],
        "contactMedium": [
            {"mediumType": "mobile", "characteristic": {"phoneNumber": "13012345678"}},
            {"mediumType": "email", "characteristic": {"emailAddress": "zhangsan@example.com"}},
            {
                "mediumType": "postalAddress",
                "characteristic": {"street1": "体育西路103号", "city": "广州市"},
                "validFor": {"startDateTime": "2026-01-01T00:00:00Z"},
            },
        ],
        "languageAbility": [{"languageCode": "zh", "isFavouriteLanguage": True}],
        "partyCharacteristic": named(hobby="chess"),
    }


def _organization(asked: Asked) -> Document:
    document = {"identificationType": "uscc", "identificationId": asked.world.credit_code()}
    agent = {"id": asked.id(INDIVIDUALS), "role": "agent", "@referredType": "Individual"}
    return {
        "tradingName": "云帆公司",
        "name": "云帆公司",
        "isLegalEntity": True,
        "organizationIdentification": [document],
        "relatedParty": [agent],
    }


def _customer(asked: Asked) -> Document:
    party, kind = asked.chance.choice(((INDIVIDUALS, "Individual"), (ORGANIZATIONS, "Organization")))
    return {
        "name": "张三",
        "status": asked.chance.choice(("initialized", "active")),
        "engagedParty": {"id": asked.id(party), "@referredType": kind},
        "characteristic": named(note="vip"),
        "validFor": {"startDateTime": "2026-01-01T00:00:00Z"},
    }


def _account(asked: Asked) -> Document:
    return {
        "name": "张三",
        "relatedParty": [asked.customer | {"name": "张三"}],
        "creditLimit": yuan(100.0),
        "paymentPlan": [{"numberOfPayments": 3, "paymentFrequency": "monthly"}],
    }


def _partner_account(asked: Asked) -> Document:
    dealer = {"id": "d-1", "name": "d", "role": "owner", "@referredType": "Dealer"}
    return {"name": "结算", "accountType": "dealer", "relatedParty": [dealer]}


def _list_entry(asked: Asked) -> Document:
    if asked.chance.random() < 0.5:
        return {"customer": {"id": asked.id(CUSTOMERS)}, "reason": "arrears elsewhere"}
    return {
        "identificationType": "resident-id",
        "identificationId": asked.world.resident_id(),
        "reason": "arrears elsewhere",
    }


# -- product


def _entity(**more: Any) -> Maker:
    def made(asked: Asked) -> Document:
        return {"name": f"made {asked.world.serial()}", "description": "一", **more}

    return made


def _offering(asked: Asked) -> Document:
    return {
        "name": f"made {asked.world.serial()}",
        "lifecycleStatus": asked.chance.choice(("In design", "In test", "Active", "Launched")),
        "category": [{"id": asked.id(CATEGORIES)}],
        "productSpecification": {"id": asked.id(SPECIFICATIONS)},
        "productOfferingPrice": [{"id": asked.id(PRICES)}],
        "validFor": {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2030-01-01T00:00:00Z"},
        "place": [{"id": asked.area}],
    }


def _price(asked: Asked) -> Document:
    kind = asked.chance.choice(("oneTime", "recurring"))
    period = {"recurringChargePeriodType": "month", "recurringChargePeriodLength": 1}
    return {
        "name": f"made {asked.world.serial()}",
        "priceType": kind,
        "price": yuan(20.0),
        **(period if kind == "recurring" else {}),
    }


def _lines(asked: Asked) -> list[Document]:
    return [
        {"@type": "Category", "id": f"made-{asked.world.serial()}", "name": "made", "isRoot": True},
        {"@type": "ProductOfferingPrice", "id": f"made-{asked.world.serial()}", **_price(asked)},
    ]


def _import(asked: Asked) -> Document:
    file = asked.world.pick(FILES, asked.chance) or {"url": "http://hq.unicrm.test/api/product/v1/files/none"}
    return {"url": file["url"], "path": "category"}


# -- resource


def _number(asked: Asked) -> Document:
    digits = asked.world.number()
    own = named(area=asked.area, network="lte")
    return {"category": "msisdn", "name": digits, "value": digits, "resourceCharacteristic": own}


def _any_number(asked: Asked) -> Document:
    return {name: value for name, value in _number(asked).items() if name != "value"}


def _card(asked: Asked) -> Document:
    value = asked.world.iccid()
    own = named(area=asked.area, kind="blank")
    return {"category": "sim", "name": value, "serialNumber": value, "resourceCharacteristic": own}


def _numbers(asked: Asked) -> Document:
    return {"first": asked.world.number(), "count": 1, "area": asked.area, "network": "lte"}


def _cards(asked: Asked) -> Document:
    return {"kind": "blank", "iccid": [asked.world.iccid(), asked.world.iccid()], "area": asked.area}


def _profiles(asked: Asked) -> Document:
    ki = "00112233445566778899aabbccddeeff"
    return {"network": "nr", "profile": [{"imsi": asked.world.imsi(), "ki": ki} for _ in range(2)]}


def _reservation(asked: Asked) -> Document:
    if asked.chance.random() < 0.5:
        return {"resource": [{"id": asked.id(LOGICAL)}], "validMinutes": 30}
    pattern = asked.chance.choice(("130????0*", "*", "1300040????"))
    return {"pick": {"category": "msisdn", "pattern": pattern, "count": 1}, "validMinutes": 30}


def _writing(asked: Asked) -> Document:
    return {"order": asked.id(ORDERS), "writerKey": WRITER}


# -- headquarters' router


def _switch(asked: Asked) -> Document:
    return {
        "state": asked.chance.choice(("on", "off")),
        "reason": "power cut in Haikou",
        **asked.chance.choice(({"node": "hi"}, {"business": "suspend"})),
    }


def _ported(asked: Asked) -> Document:
    return {
        "number": f"1390000{asked.world.serial() % 10_000:04d}",
        "operator": "unicom",
        "node": "gd",
        "validFor": {"startDateTime": "2027-01-01T00:00:00Z", "endDateTime": "2030-01-01T00:00:00Z"},
    }


def _token(asked: Asked) -> Document:
    return {"grant_type": "password", "username": "clerk", "password": "wrong", "scope": "hall-clerk"}


def _hub(asked: Asked) -> Document:
    query = asked.chance.choice(({}, {"query": "eventType=ProductOrderCreateEvent"}))
    return {"callback": f"http://127.0.0.1:1/listener/{asked.world.serial()}", **query}


def _always(**body: Any) -> Maker:
    return lambda asked: dict(body)


MADE: Mapping[str, Sequence[Maker]] = {
    ORDERS: (
        orders.open_account,
        orders.open_plan_alone,
        orders.open_group,
        orders.suspend,
        orders.resume,
        orders.change_plan,
        orders.option,
        orders.replace_sim,
        orders.terminate,
    ),
    CANCELS: (
        lambda asked: {"productOrder": {"id": asked.id(ORDERS)}, "cancellationReason": "second thoughts"},
    ),
    PAYMENTS: (orders.payment,),
    REFUNDS: (orders.refund,),
    PRODUCTS: (orders.product,),
    "/api/order-acceptance/v1/rebuilds": (_always(projection="known_accounts"),),
    CHECKS: (check,),
    INDIVIDUALS: (_individual,),
    ORGANIZATIONS: (_organization,),
    CUSTOMERS: (_customer,),
    ACCOUNTS: (_account,),
    f"{ACCOUNT_API}/partyAccount": (_partner_account,),
    f"{ACCOUNT_API}/settlementAccount": (_partner_account,),
    f"{ACCOUNT_API}/financialAccount": (_partner_account,),
    f"{ACCOUNT_API}/billFormat": (_entity(),),
    f"{ACCOUNT_API}/billPresentationMedia": (_entity(),),
    f"{ACCOUNT_API}/billingCycleSpecification": (_entity(billingPeriod="1 month"),),
    "/api/customer/v1/blacklist": (_list_entry,),
    "/api/customer/v1/redlist": (_list_entry,),
    "/api/customer/v1/snapshots": (_always(kind="customers"),),
    "/api/product/v1/snapshots": (_always(kind="offerings"),),
    f"{CATALOGUE}/catalog": (_entity(catalogType="product"),),
    CATEGORIES: (_entity(isRoot=True),),
    SPECIFICATIONS: (_entity(brand="沃", productNumber="42"),),
    OFFERINGS: (_offering,),
    PRICES: (_price,),
    f"{CATALOGUE}/exportJob": (_always(query="name=nothing", path="category"),),
    FILES: (_lines,),
    f"{CATALOGUE}/importJob": (_import,),
    LOGICAL: (_number,),
    PHYSICAL: (_card,),
    "/tmf-api/resourceInventoryManagement/v4/resource": (_any_number,),
    "/api/resource/v1/numbers": (_numbers,),
    "/api/resource/v1/cards": (_cards,),
    "/api/resource/v1/profileLoads": (_profiles,),
    "/api/resource/v1/reservations": (_reservation,),
    "/api/resource/v1/cardWritings": (_writing,),
    "/api/hq-router/v1/switches": (_switch,),
    "/api/hq-router/v1/portedNumbers": (_ported,),
    "/oauth2/token": (_token,),
}
"""By the path of a POST."""


def body_of(method: str, path: str, asked: Asked) -> Any:
    """What to send; None where nothing is known."""
    if method == "POST" and path in MADE:
        return asked.chance.choice(MADE[path])(asked)
    if path.endswith("/hub"):
        return _hub(asked)
    if path.endswith(("/hold", "/release", "/fail", "/repair")):
        return {"reason": "power cut in Haikou"}
    if path.endswith("/deadLetters/{id}"):
        return {"payload": {"id": "1"}}
    if path.endswith("/portedNumbers/{id}"):
        return {"validFor": {"endDateTime": "2031-01-01T00:00:00Z"}}
    return None
