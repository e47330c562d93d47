"""Several people work on the catalogue at one moment."""

import asyncio

from services.product.app import SERVICE
from services.product.identifiers import fixed_id
from services.product.seed import seed
from services.product.tests.desk import Desk, category, reasons
from tests.engines import RunService


async def test_of_many_fees_for_one_business_launched_at_once_one_is_launched(running: RunService) -> None:
    async with running(SERVICE, "hq") as node:
        await seed(node.runtime)
        hq = Desk(node, "hq-operator")
        await hq.patch("productOffering", fixed_id("offering", "port-out"), {"lifecycleStatus": "Retired"})
        drafts = [
            await hq.make(
                "productOffering",
                name="port-out",
                category=[category("business-fees")],
                lifecycleStatus="Active",
            )
            for _ in range(8)
        ]
        answers = await asyncio.gather(
            *(hq.patch("productOffering", draft["id"], {"lifecycleStatus": "Launched"}) for draft in drafts)
        )
        launched = (await hq.get("productOffering", name="port-out", lifecycleStatus="Launched")).json()
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(launched) == 1


async def test_nothing_ever_names_a_price_that_was_deleted_meanwhile(hq: Desk) -> None:
    for _ in range(10):
        price = await hq.make("productOfferingPrice")
        named, deleted = await asyncio.gather(
            hq.post("productOffering", {"name": "x", "productOfferingPrice": [{"id": price["id"]}]}),
            hq.delete("productOfferingPrice", price["id"]),
        )
        if named.status_code == 201:
            assert (deleted.status_code, reasons(deleted)) == (409, [("still-referenced", None)])
        else:
            assert deleted.status_code == 204
            assert reasons(named) == [("price-unknown", "productOfferingPrice[0].id")]
