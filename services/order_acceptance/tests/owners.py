"""The owners of what order acceptance only knows copies of: product and customer, by the events that they tell."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked, OfferingChanged, Price
from contracts.processes import Presented
from libs.ids import new_id
from libs.messaging.topics import events
from libs.security.sealing import seal
from tests.engines import eventually
from tests.running import RunningService

PLAN, OPTION, OPENING, NEW_CARD = "plan-1", "option-1", "fee-open", "fee-sim"
CUSTOMER, ACCOUNT = "customer-1", "account-1"
OWNER = ("resident-id", "440103199001011234")
STRANGER = ("resident-id", "110101198001019999")


class Owners:
    """What product and customer tell at one node."""

    def __init__(self, service: RunningService) -> None:
        self.service = service

    async def tell(self, owner: str, *records: Any) -> None:
        for record in records:
            topic = events(self.service.node, owner)
            await self.service.topics.put(topic, record.id, record, time=self.service.clock.now())

    def offering(
        self, id_: str, kind: str, *prices: tuple[str, str], business: str | None = None, **more: Any
    ) -> OfferingChanged:
        """An offering as it is told; `prices` are pairs of type and yuan."""
        given: dict[str, Any] = {
            "id": id_,
            "version": 1,
            "name": business or id_,
            "kind": kind,
            "business": business,
            "lifecycle_status": "Launched",
            "prices": [
                Price(id=f"{id_}-{i}", name=f"{id_} {type_}", price_type=type_, amount=Decimal(amount))  # type: ignore[arg-type]
                for i, (type_, amount) in enumerate(prices)
            ],
            "record": {"id": id_},
            "at": self.service.clock.now(),
        }
        return OfferingChanged.model_validate(given | more)

    async def catalogue(self) -> None:
        await self.tell(
            "product",
            self.offering(PLAN, "plan", ("recurring", "59.00"), ("oneTime", "30.00")),
            self.offering(OPTION, "option", ("recurring", "5.00")),
            self.offering(OPENING, "business-fee", ("oneTime", "20.00"), business="open-account"),
            self.offering(NEW_CARD, "business-fee", ("oneTime", "10.00"), business="replace-sim"),
        )
        await self.until_known("known_offerings", PLAN, OPTION, OPENING, NEW_CARD)

    async def new_card_costs(self, amount: str, version: int, headquarters: str | None = None) -> None:
        """What a new card costs here; `headquarters`: what it costs there, where this province asks something else."""
        nationally = (
            [Price(id="n", name="n", price_type="oneTime", amount=Decimal(headquarters))]
            if headquarters
            else None
        )
        fee = self.offering(
            NEW_CARD,
            "business-fee",
            ("oneTime", amount),
            business="replace-sim",
            version=version,
            national_prices=nationally,
        )
        await self.tell("product", fee)
        await self.until_known("known_offerings", NEW_CARD, version=version)

    def digest(self, owner: tuple[str, str] = OWNER) -> str:
        return self.service.runtime.cipher.digest(*owner)

    async def customer(self, id_: str = CUSTOMER, **more: Any) -> str:
        """A customer that this node knows; OWNER, and active, unless something else is given."""
        given: dict[str, Any] = {
            "id": id_,
            "version": 1,
            "kind": "individual",
            "status": "active",
            "party": "party-1",
            "identityDigests": [self.digest()],
            "at": self.service.clock.now(),
        }
        told = CustomerChanged.model_validate(given | more)
        await self.tell("customer", told)
        await self.until_known("known_customers", id_, version=told.version)
        return id_

    async def account(self, id_: str = ACCOUNT, customer: str = CUSTOMER, **more: Any) -> str:
        given: dict[str, Any] = {
            "id": id_,
            "version": 1,
            "customer": customer,
            "state": "active",
            "at": self.service.clock.now(),
        }
        await self.tell("customer", BillingAccountChanged.model_validate(given | more))
        await self.until_known("known_accounts", id_)
        return id_

    async def check(
        self, owner: tuple[str, str] = OWNER, *, by: str = "hall-clerk-1", minutes: int = 30
    ) -> str:
        """An identity check that the clerk `by` has just made, and that this node knows."""
        id_ = new_id()
        await self.tell("customer", self.checked(id_, owner, by=by, minutes=minutes))
        await self.until_known("known_identity_checks", id_)
        return id_

    async def checks(self, count: int) -> list[str]:
        """So many identity checks of the owner."""
        ids = [new_id() for _ in range(count)]
        await self.tell("customer", *(self.checked(id_) for id_ in ids))
        await self.until_known("known_identity_checks", *ids)
        return ids

    def checked(
        self, id_: str, owner: tuple[str, str] = OWNER, *, by: str = "hall-clerk-1", minutes: int = 30
    ) -> IdentityChecked:
        shown = Presented(identification_type=owner[0], identification_id=owner[1], name="陈晓明")
        keys = self.service.runtime.keys
        return IdentityChecked(
            id=id_,
            actor=f"{self.service.settings.public_url} {by}",
            method="id-reader",
            identity_digest=self.digest(owner),
            name_digest="n",
            sealed=seal(shown.model_dump_json(by_alias=True).encode(), keys.recipient(self.service.node)),
            valid_until=self.service.clock.now() + timedelta(minutes=minutes),
            at=self.service.clock.now(),
        )

    async def until_known(self, table: str, *ids: str, version: int = 1) -> None:
        """Wait until this node has copies of these records, no older than that version."""

        async def known() -> bool:
            found = await self.service.db.fetchval(
                f"SELECT count(*) FROM {table} WHERE id = ANY($1::text[]) AND version >= $2",
                list(ids),
                version,
            )
            return bool(found == len(ids))

        await eventually(known)
