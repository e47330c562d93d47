"""What is known of others' records: as the newest event tells, and where nothing was told, as the owner says."""

from datetime import timedelta
from typing import Any

from contracts.events import BillingAccountChanged, CustomerChanged, OfferingChanged
from libs.ids import new_id
from services.order_acceptance.projections.messages import CHECKS_KEPT
from services.order_acceptance.tests.asked import Asked
from services.order_acceptance.tests.bodies import ORDERS, PAYMENTS, open_account, payment, replace_sim
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import NEW_CARD, PLAN
from tests.engines import eventually


async def version_of(counter: Counter, table: str, id_: str) -> int | None:
    found: int | None = await counter.service.db.fetchval(f"SELECT version FROM {table} WHERE id = $1", id_)
    return found


async def fee(counter: Counter) -> str:
    """Yuan that a new card costs as an order is told."""
    order = await counter.order(replace_sim(await counter.check(), number=fresh_number()))
    content = await counter.service.db.fetchval(
        "SELECT content ->> 'feeAmount' FROM work_orders WHERE order_id = $1", order["id"]
    )
    return str(content)


async def test_a_newer_version_replaces_the_copy_and_an_older_one_is_ignored(counter: Counter) -> None:
    told = counter.owners
    assert await fee(counter) == "10.00"
    for version, amount in ((7, "17.00"), (5, "15.00"), (7, "99.00")):
        await told.tell(
            "product",
            told.offering(
                NEW_CARD, "business-fee", ("oneTime", amount), business="replace-sim", version=version
            ),
        )
    await told.customer(last := new_id())
    await told.until_known("known_customers", last)
    await told.until_known("known_offerings", NEW_CARD, version=7)
    assert await version_of(counter, "known_offerings", NEW_CARD) == 7
    assert await fee(counter) == "17.00"
    await told.new_card_costs("10.00", version=8)


async def test_of_several_versions_in_one_batch_the_newest_counts(counter: Counter) -> None:
    told, id_ = counter.owners, new_id()
    versions = [told.offering(id_, "plan", version=version, name=f"v{version}") for version in (2, 9, 4)]
    await told.tell("product", *versions)
    await told.until_known("known_offerings", id_, version=9)
    name = "SELECT record ->> 'name' FROM known_offerings WHERE id = $1"
    assert await counter.service.db.fetchval(name, id_) == "v9"


async def test_an_offering_that_was_deleted_is_not_known(counter: Counter) -> None:
    told, id_ = counter.owners, new_id()
    await told.tell(
        "product", told.offering(id_, "plan"), told.offering(id_, "plan", version=2, deleted=True)
    )
    await told.until_known("known_offerings", id_, version=2)
    body = open_account(await counter.check(), number=fresh_number())
    body["productOrderItem"][0]["productOffering"]["id"] = id_
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "offering-unknown")


async def test_a_front_end_that_has_just_made_a_customer_can_order_at_once(
    counter: Counter, others: Others, owners: Asked
) -> None:
    told = counter.owners
    plan, owner, shown, payer = new_id(), new_id(), new_id(), new_id()
    owners.kept[plan] = told.offering(plan, "plan", ("recurring", "19.00"))
    owners.kept[owner] = CustomerChanged(
        id=owner,
        version=1,
        kind="individual",
        status="active",
        party="p",
        identity_digests=[told.digest()],
        at=counter.service.clock.now(),
    )
    owners.kept[shown] = told.checked(shown)
    owners.kept[payer] = BillingAccountChanged(
        id=payer, version=1, customer=owner, state="active", at=counter.service.clock.now()
    )
    body: dict[str, Any] = open_account(shown, number=fresh_number(), customer=owner)
    body["productOrderItem"][0]["productOffering"]["id"] = plan
    body["billingAccount"] = {"id": payer}
    order = await counter.order(body)
    assert sorted(owners.asked) == sorted([plan, owner, shown, payer]), "each once"
    assert (await counter.ended(order["id"]))["state"] == "completed"
    again = await counter.post(ORDERS, body)
    assert again.json()["code"] == "identity-check-used"
    assert len(owners.asked) == 4, "what was learned is kept"


async def test_an_account_that_nobody_told_of_is_asked_for(
    counter: Counter, others: Others, owners: Asked
) -> None:
    payer = new_id()
    owners.kept[payer] = BillingAccountChanged(
        id=payer, version=1, customer="c", state="active", at=counter.service.clock.now()
    )
    await counter.payment_is(await counter.pay(5.00, payer), "done")
    await counter.pay(5.00, payer)
    assert owners.asked == [payer]


async def test_the_owner_of_a_subscription_that_nobody_told_of_is_asked_for(
    counter: Counter, others: Others, owners: Asked
) -> None:
    owner = new_id()
    owners.kept[owner] = CustomerChanged(
        id=owner,
        version=1,
        kind="individual",
        status="active",
        party="p",
        identity_digests=[counter.owners.digest()],
        at=counter.service.clock.now(),
    )
    party = [{"id": owner, "role": "customer", "@referredType": "Customer"}]
    number = await counter.subscriber(relatedParty=party)
    await counter.order(replace_sim(await counter.check(), number=number))
    assert owners.asked == [owner]


async def test_what_the_owner_does_not_know_either_is_refused(counter: Counter, owners: Asked) -> None:
    body = open_account(await counter.check(), number=fresh_number(), customer="nobody")
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "customer-unknown")
    assert owners.asked == ["nobody"]


async def test_an_owner_that_is_away_leaves_the_refusal(counter: Counter) -> None:
    before = await counter.rows()
    body = open_account(await counter.check(), number=fresh_number(), customer="nobody")
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "customer-unknown")
    answer = await counter.post(PAYMENTS, payment(1.00, "no-account"))
    assert (answer.status_code, answer.json()["code"]) == (400, "account-unknown")
    after = await counter.rows()
    assert {name for name in after if after[name] != before[name]} == {"known_identity_checks"}


async def test_a_copy_never_goes_backward_when_the_owner_is_asked_late(counter: Counter) -> None:
    """An answer that was under way while a newer event came."""
    from services.order_acceptance.projections.messages import OFFERINGS

    told, id_ = counter.owners, new_id()
    await told.tell("product", told.offering(id_, "plan", version=3))
    await told.until_known("known_offerings", id_, version=3)
    async with counter.service.db.transaction() as tx:
        await OFFERINGS.keep(tx, [OfferingChanged.model_validate(told.offering(id_, "plan", version=2))])
    assert await version_of(counter, "known_offerings", id_) == 3
    assert await eventually(lambda: version_of(counter, "known_offerings", PLAN)) == 1


async def test_an_identity_check_that_is_long_over_is_forgotten(counter: Counter) -> None:
    old, new = await counter.check(), await counter.check()
    await counter.service.db.execute(
        "UPDATE known_identity_checks SET valid_until = $2 WHERE id = $1",
        old,
        counter.service.clock.now() - CHECKS_KEPT - timedelta(minutes=1),
    )
    await counter.service.tick("forget-checks")
    assert await version_of(counter, "known_identity_checks", old) is None
    assert await version_of(counter, "known_identity_checks", new) == 1
