"""What is served: every resource of every API, with what it takes to make one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from libs.ids import new_id
from services.customer.app import SERVICE as CUSTOMER
from services.customer.tests.hall import INDIVIDUAL, Hall, credit_code, resident_id
from services.order_acceptance.app import SERVICE as ORDER_ACCEPTANCE
from services.order_acceptance.tests import businesses
from services.order_acceptance.tests.bodies import open_account, payment, refund, subscription
from services.order_acceptance.tests.counter import Counter, fresh_card, fresh_number
from services.order_acceptance.tests.others import played
from services.product.app import SERVICE as PRODUCT
from services.product.jobs.tests.office import Office, record
from services.product.seed import seed
from services.product.tests.desk import Desk
from services.resource.app import SERVICE as RESOURCE
from services.resource.tests.counter import iccid
from tests.conformance.facts import facts
from tests.conformance.subject import Document, Subject
from tests.running import Bench, RunningService

PARTY = {"id": "p-1", "role": "owner", "@referredType": "Organization"}
NOTE = ("note", [{"text": "noted"}])
PARTIES = ("relatedParty", [PARTY])
ORDERS_ADD = frozenset({"failure", "productOrderItem.productOffering.version"})
ORDERS_LACK = frozenset(
    {
        "cancellationDate",
        "cancellationReason",
        "orderTotalPrice",
        "productOfferingQualification",
        "quote",
    }
)
JOBS_LACK = frozenset({"status", "creationDate", "completionDate", "errorLog"})


def _body(**fixed: Any) -> Callable[[], Awaitable[Document]]:
    async def body() -> Document:
        return dict(fixed)

    return body


def _subject(service: RunningService, api: str, name: str, **more: Any) -> Subject:
    return Subject(facts=facts(api), name=name, client=service.client, bearer=service.bearer, **more)


@asynccontextmanager
async def catalogue(bench: Bench) -> AsyncIterator[list[Subject]]:
    """TMF620, at headquarters."""
    async with bench.running(PRODUCT, "hq") as service:
        await seed(service.runtime)

        def named(name: str, array: tuple[str, list[Any]] | None, **more: Any) -> Subject:
            async def body() -> Document:
                return {"name": f"test {new_id()}", **more}

            return _subject(
                service,
                "TMF620",
                name,
                maker="hq-operator",
                editor="hq-operator",
                body=body,
                array=array,
                state=("lifecycleStatus", "In design"),
            )

        price = {"priceType": "oneTime", "price": {"unit": "CNY", "value": 20.0}}
        yield [
            named("catalog", PARTIES),
            named("category", None),
            named("productSpecification", PARTIES),
            named("productOffering", ("place", [{"id": "020"}])),
            named("productOfferingPrice", ("place", [{"id": "020"}]), **price),
            *await _jobs(service),
        ]


async def _jobs(service: RunningService) -> list[Subject]:
    """Imports of a file with one record, and exports of what has a name that nothing has."""
    office = Office(Desk(service, "hq-operator"))
    file = await office.brought(record("Category", "imported"))

    def asking(**fixed: str) -> Callable[[], Awaitable[Document]]:
        async def answered() -> Document:
            # A few may wait at a time: what was asked for before is done first.
            await service.tick("jobs")
            return dict(fixed)

        return answered

    def named(name: str, lacks: frozenset[str], body: Callable[[], Awaitable[Document]]) -> Subject:
        async def ended(made: Document) -> None:
            await office.ended(name, made["id"])

        return _subject(
            service,
            "TMF620",
            name,
            maker="hq-operator",
            editor="hq-operator",
            body=body,
            text="@schemaLocation",
            moved=ended,
            ours=frozenset({"progress"}),
            lacks=lacks,
        )

    return [
        named("importJob", JOBS_LACK, asking(url=file, path="category")),
        named("exportJob", JOBS_LACK | {"url"}, asking(query="name=nothing", path="category")),
    ]


@asynccontextmanager
async def customers(bench: Bench) -> AsyncIterator[list[Subject]]:
    """TMF629, TMF632 and TMF666, in Guangdong."""
    async with bench.running(CUSTOMER, "gd") as service:
        hall = Hall(service)

        async def person() -> Document:
            document = {"identificationType": "resident-id", "identificationId": resident_id()}
            return {"familyName": "张", "givenName": "三", "individualIdentification": [document]}

        async def company() -> Document:
            document = {"identificationType": "uscc", "identificationId": credit_code()}
            return {"tradingName": "云帆公司", "organizationIdentification": [document]}

        async def customer() -> Document:
            made = await hall.post(INDIVIDUAL, await person(), area="020")
            party = {"id": made.json()["id"], "@referredType": "Individual"}
            return {"name": "张三", "engagedParty": party}

        async def account() -> Document:
            party = {"id": await hall.customer(), "role": "customer", "name": "张三"}
            return {"name": "张三", "relatedParty": [party | {"@referredType": "Customer"}]}

        partner = _body(
            name="结算", relatedParty=[{**PARTY, "id": "d-1", "name": "d", "@referredType": "Dealer"}]
        )
        clerk: dict[str, Any] = {"maker": "supervisor", "editor": "supervisor"}
        account_of: dict[str, Any] = {
            **clerk,
            "draft": {"state": "initialized"},
            "lacks": frozenset({"lastModified"}),
        }
        yield [
            _subject(
                service,
                "TMF629",
                "customer",
                **clerk,
                body=customer,
                text="statusReason",
                draft={"status": "initialized"},
            ),
            _subject(
                service,
                "TMF632",
                "individual",
                **clerk,
                body=person,
                text="title",
                array=("languageAbility", [{"languageCode": "zh"}]),
            ),
            _subject(
                service,
                "TMF632",
                "organization",
                **clerk,
                body=company,
                text="organizationType",
                array=("otherName", [{"tradingName": "云帆"}]),
            ),
            _subject(service, "TMF666", "billingAccount", **account_of, body=account),
            _subject(service, "TMF666", "partyAccount", **account_of, body=partner),
            _subject(service, "TMF666", "settlementAccount", **account_of, body=partner),
            _subject(service, "TMF666", "financialAccount", **account_of, body=partner),
            *(
                _subject(service, "TMF666", name, **clerk, body=_body(name="n"))
                for name in ("billFormat", "billPresentationMedia", "billingCycleSpecification")
            ),
        ]


@asynccontextmanager
async def stock(bench: Bench) -> AsyncIterator[list[Subject]]:
    """TMF639, in Guangdong."""
    async with bench.running(RESOURCE, "gd") as service:
        serials = iter(range(1, 10_000))
        own = [{"name": "area", "value": "020"}]

        async def number() -> Document:
            digits = f"1300040{next(serials):04d}"
            return {
                "category": "msisdn",
                "name": digits,
                "value": digits,
                "resourceCharacteristic": [*own, {"name": "network", "value": "lte"}],
            }

        async def any_number() -> Document:
            return {name: value for name, value in (await number()).items() if name != "value"}

        async def card() -> Document:
            value = iccid(next(serials))
            return {
                "category": "sim",
                "name": value,
                "serialNumber": value,
                "resourceCharacteristic": [*own, {"name": "kind", "value": "blank"}],
            }

        keeper: dict[str, Any] = {"maker": "supervisor", "editor": "supervisor", "array": NOTE}
        yield [
            _subject(
                service,
                "TMF639",
                "logicalResource",
                **keeper,
                body=number,
                heard_as="resource",
                ours=frozenset({"value"}),
            ),
            _subject(service, "TMF639", "physicalResource", **keeper, body=card),
            _subject(service, "TMF639", "resource", **keeper, body=any_number, ours=frozenset({"value"})),
        ]


@asynccontextmanager
async def acceptance(bench: Bench) -> AsyncIterator[list[Subject]]:
    """TMF622, TMF637 and TMF676, in Guangdong, with executors that do what they are asked."""
    async with bench.running(ORDER_ACCEPTANCE, "gd") as service, played(service):
        counter = Counter(service)
        await counter.owners.catalogue()
        await businesses.catalogue(counter)
        await counter.owners.customer()

        async def order() -> Document:
            return open_account(await counter.check(), number=fresh_number())

        async def cancelled() -> Document:
            # One that waits for the next cycle can be taken back, however busy this machine is.
            number = await counter.subscriber()
            dated = await counter.order(businesses.change_plan(number, businesses.BIG_PLAN, "next-cycle"))
            return {"productOrder": {"id": dated["id"]}}

        async def brought() -> Document:
            return subscription(fresh_number(), fresh_card())

        async def given_back() -> Document:
            return refund(await counter.pay(50.00), 50.00)

        async def ended(made: Document) -> None:
            await counter.ended(made["id"])

        async def taken_back(made: Document) -> None:
            await counter.ended(made["productOrder"]["id"])

        yield [
            _subject(
                service,
                "TMF622",
                "productOrder",
                maker="hall-clerk",
                editor="hall-clerk",
                body=order,
                array=NOTE,
                removable=False,
                moved=ended,
                ours=ORDERS_ADD,
                lacks=ORDERS_LACK,
            ),
            _subject(
                service,
                "TMF622",
                "cancelProductOrder",
                maker="hall-clerk",
                editor="hall-clerk",
                body=cancelled,
                text="cancellationReason",
                moved=taken_back,
            ),
            _subject(
                service,
                "TMF637",
                "product",
                maker="migration",
                editor="supervisor",
                body=brought,
                array=("place", [{"id": "020", "role": "area", "@referredType": "Area"}]),
                removable=False,
                lacks=frozenset({"product", "realizingService"}),
            ),
            _subject(
                service,
                "TMF676",
                "payment",
                maker="hall-clerk",
                editor="hall-clerk",
                body=_body(**payment(50.00)),
            ),
            _subject(service, "TMF676", "refund", maker="hall-clerk", editor="hall-clerk", body=given_back),
        ]


Opened = Callable[[Bench], AbstractAsyncContextManager[list[Subject]]]
SERVED: Mapping[Opened, tuple[str, ...]] = {
    catalogue: ("TMF620",),
    customers: ("TMF629", "TMF632", "TMF666"),
    stock: ("TMF639",),
    acceptance: ("TMF622", "TMF637", "TMF676"),
}
"""What each opens: all resources of these APIs."""
