"""The resource service's records of everybody."""

from itertools import count
from typing import Any

from joserfc.jwk import ECKey

from deploy.authorisation import LOCAL
from libs.ids import new_id
from libs.security.roles import SUPERVISOR
from services.resource.inventory.loading import id_of
from services.resource.inventory.rules import SIM, Stock
from services.resource.inventory.store import into_stock
from services.resource.tests.counter import RESERVATIONS, Counter, iccid
from tests.house.authorisation.people import Person, oneself
from tests.house.authorisation.world import World, naming
from tests.running import RunningService

STOCK = "/tmf-api/resourceInventoryManagement/v4"
OURS = "/api/resource/v1"
WRITER = ECKey.generate_key("P-256").as_dict(private=False)
_serial = count(1)


def number_in(area: str) -> Any:
    digits = f"1300042{next(_serial):04d}"
    own = [{"name": "area", "value": area}, {"name": "network", "value": "lte"}]
    return {"category": "msisdn", "name": digits, "value": digits, "resourceCharacteristic": own}


def card_in(area: str) -> Any:
    value = iccid(next(_serial))
    own = [{"name": "area", "value": area}, {"name": "kind", "value": "blank"}]
    return {"category": "sim", "name": value, "serialNumber": value, "resourceCharacteristic": own}


def any_in(area: str) -> Any:
    return {name: value for name, value in number_in(area).items() if name != "value"}


def numbers_in(area: str) -> Any:
    return {"first": f"1300043{next(_serial):04d}", "count": 1, "area": area, "network": "lte"}


def cards_in(area: str) -> Any:
    return {"kind": "blank", "iccid": [iccid(next(_serial))], "area": area}


def profile_on(card: str) -> Any:
    imsi = f"46001{next(_serial):010d}"
    return {"network": "nr", "profile": [{"imsi": imsi, "ki": "0" * 32, "iccid": card}]}


def reserving(number: str) -> Any:
    return {"resource": [{"id": number}]}


class Shelves:
    """Stock lies in areas; what is held of it is somebody's."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.counter = Counter(service)
        self.world = World(
            service,
            {
                "number": self.number,
                "number or card": self.number,
                "free number": self.number,
                "card": self.card,
                "personalised card": self.personalised,
                "area": self.area,
                "load of profiles": self.load,
                "reservation": self.reservation,
                "order": self.order,
                "card writing": self.writing,
                "snapshot": self.snapshot,
            },
            names={
                ("POST", f"{STOCK}/resource"): (naming("area", any_in, "not-yours"),),
                ("POST", f"{STOCK}/logicalResource"): (naming("area", number_in, "not-yours"),),
                ("POST", f"{STOCK}/physicalResource"): (naming("area", card_in, "not-yours"),),
                ("POST", f"{OURS}/numbers"): (naming("area", numbers_in, "not-yours"),),
                ("POST", f"{OURS}/cards"): (naming("area", cards_in, "not-yours"),),
                ("POST", f"{OURS}/profileLoads"): (
                    naming("personalised card", profile_on, "card-not-personalised"),
                ),
                ("POST", RESERVATIONS): (naming("free number", reserving, "resource-unknown", whose=LOCAL),),
                ("POST", f"{OURS}/cardWritings"): (
                    naming("order", lambda id: {"order": id, "writerKey": WRITER}, "not-found"),
                ),
            },
            used_up=frozenset(
                {("DELETE", f"{RESERVATIONS}/{{id}}"), ("POST", f"{OURS}/cardWritings/{{id}}/confirm")}
            ),
        )

    async def area(self, who: Person, path: str) -> str:
        return who.area

    async def number(self, who: Person, path: str) -> str:
        (id,) = await self.counter.numbers(f"1300041{next(_serial):04d}", area=who.area)
        return id

    async def card(self, who: Person, path: str) -> str:
        return id_of(SIM, await self._laid_in(who, "blank"))

    async def personalised(self, who: Person, path: str) -> str:
        return await self._laid_in(who, "personalised")

    async def _laid_in(self, who: Person, kind: str) -> str:
        value = iccid(next(_serial))
        async with self.service.db.transaction() as tx:
            stock = Stock(id_of(SIM, value), SIM, value, "in-stock", kind, who.area, None)
            await into_stock(tx, [stock], self.service.clock.now())
        return value

    async def load(self, who: Person, path: str) -> str:
        profile = {"imsi": f"46001{next(_serial):010d}", "ki": "0" * 32}
        keeper = Person(SUPERVISOR, oneself(SUPERVISOR).subject, who.area)
        return await self.world.post(f"{OURS}/profileLoads", {"network": "nr", "profile": [profile]}, keeper)

    async def reservation(self, who: Person, path: str) -> str:
        number = await self.number(who, "")
        return await self.world.post(RESERVATIONS, {"resource": [{"id": number}]}, who)

    async def order(self, who: Person, path: str) -> str:
        """One whose card is to be written by who accepted it."""
        return (await self._to_write(who))[1]

    async def writing(self, who: Person, path: str) -> str:
        return (await self._to_write(who))[0]

    async def snapshot(self, who: Person, path: str) -> str:
        return await self.world.post(f"{OURS}/snapshots", {"kind": "cardWritings"}, oneself("service"))

    async def _to_write(self, who: Person) -> tuple[str, str]:
        id, order = new_id(), new_id()
        await self.service.db.execute(
            "INSERT INTO card_writings (id, order_id, actor, iccid, data, created)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            id,
            order,
            f"{self.service.settings.public_url} {who.subject}",
            iccid(next(_serial)),
            self.service.runtime.cipher.encrypt("{}"),
            self.service.clock.now(),
        )
        return id, order
