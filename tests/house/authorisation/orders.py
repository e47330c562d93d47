"""Order acceptance's records of everybody."""

import json
from typing import Any

from deploy.authorisation import MADE
from libs.ids import new_id
from libs.node import HQ
from libs.security.roles import HALL_CLERK, HQ_OPERATOR, MIGRATION
from services.order_acceptance.groups.tests.headquarters import member
from services.order_acceptance.tests.bodies import (
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    REFUNDS,
    open_account,
    payment,
    refund,
    subscription,
)
from services.order_acceptance.tests.businesses import suspend
from services.order_acceptance.tests.counter import Counter, fresh_card, fresh_number
from tests.house.authorisation.people import Person, oneself
from tests.house.authorisation.world import Naming, World, naming
from tests.running import RunningService, address

CANCELS = f"{ORDERS.rpartition('/')[0]}/cancelProductOrder"
VIEWS = "/api/order-acceptance/v1/subscriberViews"
ELSEWHERE = "13012999999"


def cancelling(order: str) -> Any:
    return {"productOrder": {"id": order}}


def opening_for(customer: str) -> Any:
    return open_account("none", number=ELSEWHERE, customer=customer)


def opening_for_group(customer: str) -> Any:
    return opening_for(customer) | {"productOrderItem": [member("1", "gd")]}


def opening_on(account: str) -> Any:
    return opening_for("nobody") | {"billingAccount": {"id": account}}


def barring(product: str) -> Any:
    body = suspend(ELSEWHERE)
    named = body["productOrderItem"][0]["product"]
    del named["productSerialNumber"]
    named["id"] = product
    return body


def paid_with(money: str) -> Any:
    return suspend(ELSEWHERE, payments=(money,))


def presented_by(check: str) -> Any:
    return suspend(ELSEWHERE, check=check)


def paid_to(account: str) -> Any:
    return payment(1.00, account)


def given_back(money: str) -> Any:
    return refund(money, 0.01)


class Counters:
    """Everybody has a customer with a subscription, an order and money, at a counter of his own."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.counter = Counter(service)
        self.world = World(
            service,
            {
                "catalogue": self.catalogue,
                "customer": self.customer,
                "billing account": self.account,
                "identity check": self.identity_check,
                "product": self.product,
                "subscriber": self.subscriber,
                "view of a subscriber": self.view,
                "order": self.order,
                "wish to cancel": self.cancel,
                "work order": self.work_order,
                "payment": self.payment,
                "refund": self.refund,
            },
            names={
                ("POST", ORDERS): (*self.only_here(), *ORDERED),
                ("POST", CANCELS): (naming("order", cancelling, "order-unknown"),),
                ("POST", PAYMENTS): (naming("billing account", paid_to, "account-unknown"),),
                ("POST", REFUNDS): (naming("payment", given_back, "payment-unknown"),),
            },
            listed_by={VIEWS: "number"},
        )

    def only_here(self) -> tuple[Naming, ...]:
        if self.service.node == HQ:
            return (naming("customer", opening_for_group, "customer-unknown"),)
        return (
            naming("customer", opening_for, "customer-unknown"),
            naming("billing account", opening_on, "account-unknown"),
        )

    async def catalogue(self, who: Person, path: str) -> str:
        await self.counter.owners.catalogue()
        return ""

    async def customer(self, who: Person, path: str) -> str:
        return await self.counter.owners.customer(new_id(), **who.care)

    async def account(self, who: Person, path: str) -> str:
        return await self.counter.owners.account(new_id(), await self.world.record("customer", who))

    async def identity_check(self, who: Person, path: str) -> str:
        id, owners = new_id(), self.counter.owners
        issuer = HQ if who.role == HQ_OPERATOR else self.service.node
        made = owners.checked(id).model_copy(update={"actor": f"{address(issuer)} {who.subject}"})
        await owners.tell("customer", made)
        await owners.until_known("known_identity_checks", id)
        return id

    async def product(self, who: Person, path: str) -> str:
        return (await self._subscription(who))[0]

    async def subscriber(self, who: Person, path: str) -> str:
        return (await self._subscription(who))[1]

    async def _subscription(self, who: Person) -> tuple[str, str]:
        """Product and number; brought over, so that whose it is has to be written beside it."""
        await self.world.record("catalogue", oneself(HALL_CLERK))
        number, customer = fresh_number(), await self.world.record("customer", who)
        body = subscription(number, fresh_card(), customer, await self.world.record("billing account", who))
        id = await self.world.post(PRODUCTS, body, Person(MIGRATION, "migration-1", who.area))
        await self.service.db.execute("UPDATE products SET dealer = $2 WHERE id = $1", id, who.dealer)
        return id, number

    async def view(self, who: Person, path: str) -> str:
        number = fresh_number()
        await self.service.db.execute(
            """INSERT INTO subscriber_views (at, look, number, subscription, customer, actor, place, purpose)
               VALUES ($1, $2, $3, 'x', 'x', $4, $5, 'counter-service')""",
            self.service.clock.now(),
            new_id(),
            number,
            f"{self.service.settings.public_url} {who.subject}",
            json.dumps({"area": who.area, "dealer": who.dealer}),
        )
        return number

    async def order(self, who: Person, path: str) -> str:
        _, number = await self._subscription(who)
        return await self.world.post(ORDERS, suspend(number), who)

    async def cancel(self, who: Person, path: str) -> str:
        return await self.world.post(CANCELS, cancelling(await self.order(who, "")), who)

    async def work_order(self, who: Person, path: str) -> str:
        order = await self.world.record("order", who)
        return str(await self.service.db.fetchval("SELECT id FROM work_orders WHERE order_id = $1", order))

    async def payment(self, who: Person, path: str) -> str:
        return await self.world.post(PAYMENTS, payment(1000.00), who)

    async def refund(self, who: Person, path: str) -> str:
        """A hall gives money back, whoever took it: whose the refund is, is then written beside it."""
        hall = Person(HALL_CLERK, who.subject, who.area)
        money = await self.payment(hall, "")
        id = await self.world.post(REFUNDS, given_back(money), hall)
        await self.service.db.execute("UPDATE refunds SET dealer = $2 WHERE id = $1", id, who.dealer)
        return id


ORDERED = (
    naming("product", barring, "use-number"),
    naming("payment", paid_with, "payment-unknown"),
    naming("identity check", presented_by, "identity-check-unknown", whose=MADE),
)
