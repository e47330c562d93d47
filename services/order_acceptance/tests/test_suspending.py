"""Suspending and resuming at home: a set of reasons, the severest of which counts."""

import pytest

from services.order_acceptance.tests.bodies import replace_sim
from services.order_acceptance.tests.businesses import done, refused, resume, suspend
from services.order_acceptance.tests.counter import Counter, fresh_card
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import STRANGER
from tests.running import RunningService


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


async def status(counter: Counter, number: str) -> str:
    return str((await counter.product_of(number))["status"])


async def test_a_subscriber_is_suspended_and_active_again(
    counter: Counter, others: Others, number: str
) -> None:
    order = await done(counter, suspend(number, "voluntary", "outgoing"))
    assert others.names(order) == ["set-barring"]
    assert others.input_of(order, "set-barring") == {
        "number": number,
        "barring": "outgoing",
        "before": "none",
    }
    product = await counter.product_of(number)
    assert product["status"] == "suspended"
    assert "productCharacteristic" not in product, "what an order tells to do is not copied to the product"
    order = await done(counter, resume(number))
    assert others.input_of(order, "set-barring") == {
        "number": number,
        "barring": "none",
        "before": "outgoing",
    }
    assert await status(counter, number) == "active"


async def test_everything_is_barred_unless_the_order_says_less(
    counter: Counter, others: Others, number: str
) -> None:
    order = await done(counter, suspend(number))
    assert others.input_of(order, "set-barring")["barring"] == "all"


async def test_whoever_is_suspended_for_two_reasons_is_barred_as_the_severest_says_until_none_is_left(
    counter: Counter, others: Others, number: str
) -> None:
    await done(counter, suspend(number, "voluntary", "outgoing"))
    order = await done(counter, suspend(number, "regulatory", "all"), role="supervisor")
    assert others.input_of(order, "set-barring")["barring"] == "all"
    order = await done(counter, resume(number, "regulatory"), role="supervisor")
    assert others.input_of(order, "set-barring") == {
        "number": number,
        "barring": "outgoing",
        "before": "all",
    }
    assert await status(counter, number) == "suspended"
    await done(counter, resume(number, "voluntary"))
    assert await status(counter, number) == "active"


async def test_who_came_suspended_from_a_former_system_can_be_resumed(
    counter: Counter, others: Others
) -> None:
    number = await counter.subscriber(status="suspended")
    await done(counter, resume(number))
    assert await status(counter, number) == "active"


async def test_one_reason_is_given_once_and_lifted_only_where_it_is(
    counter: Counter, others: Others, number: str
) -> None:
    assert await refused(counter, resume(number)) == (409, ["not-suspended"])
    await done(counter, suspend(number))
    assert await refused(counter, suspend(number)) == (409, ["already-suspended"])
    assert await refused(counter, resume(number, "regulatory"), role="supervisor") == (409, ["not-suspended"])


@pytest.mark.parametrize("reason", ["arrears", "regulatory"])
@pytest.mark.parametrize("role", ["hall-clerk", "call-centre-clerk", "dealer-clerk", "account-manager"])
async def test_what_belongs_to_the_operator_no_clerk_sets_or_lifts(
    counter: Counter, others: Others, number: str, reason: str, role: str
) -> None:
    assert await refused(counter, suspend(number, reason), role=role) == (403, ["reason-not-yours"])
    await done(counter, suspend(number, reason), role="supervisor")
    assert await refused(counter, resume(number, reason), role=role) == (403, ["reason-not-yours"])


@pytest.mark.parametrize("role", ["supervisor", "machine", "service"])
async def test_supervisors_and_systems_suspend_for_arrears(
    counter: Counter, others: Others, number: str, role: str
) -> None:
    await done(counter, suspend(number, "arrears", "outgoing"), role=role)
    await done(counter, resume(number, "arrears"), role=role)


async def test_a_redlisted_customer_is_never_suspended_for_arrears(counter: Counter, others: Others) -> None:
    protected = await counter.owners.customer("customer-redlisted", redlisted=True)
    number = await counter.subscriber(
        relatedParty=[{"id": protected, "role": "customer", "@referredType": "Customer"}]
    )
    assert await refused(counter, suspend(number, "arrears"), role="supervisor") == (
        409,
        ["customer-redlisted"],
    )
    await done(counter, suspend(number, "voluntary"))


async def test_after_a_loss_only_the_owner_resumes(counter: Counter, others: Others, number: str) -> None:
    await done(counter, suspend(number, "lost"))
    assert await refused(counter, resume(number, "lost")) == (400, ["presenter-required"])
    stranger = await counter.check(STRANGER)
    assert await refused(counter, resume(number, "lost", check=stranger)) == (409, ["identity-mismatch"])
    await done(counter, resume(number, "lost", check=await counter.check()))
    assert await status(counter, number) == "active"


async def test_a_new_card_ends_the_loss_and_nothing_else(
    counter: Counter, others: Others, number: str, gd: RunningService
) -> None:
    await done(counter, suspend(number, "lost"))
    await done(counter, suspend(number, "voluntary", "outgoing"))
    order = await done(counter, replace_sim(await counter.check(), number=number, iccid=fresh_card()))
    assert others.input_of(order, "set-barring") == {
        "number": number,
        "barring": "outgoing",
        "before": "all",
    }
    reasons = await gd.db.fetch(
        "SELECT s.reason FROM suspensions s JOIN products p ON p.id = s.product WHERE p.number = $1", number
    )
    assert [row["reason"] for row in reasons] == ["voluntary"]
    assert await status(counter, number) == "suspended"
    await done(counter, resume(number))
    assert await status(counter, number) == "active"


async def test_what_provisioning_refuses_changes_nothing(
    counter: Counter, others: Others, number: str
) -> None:
    others.refuses = lambda task: task.name == "set-barring"
    order = await counter.order(suspend(number))
    ended = await counter.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("failed", "provisioning-failed")
    assert await status(counter, number) == "active"


@pytest.mark.parametrize(
    ("named", "codes"),
    [
        ([], ["characteristic-missing"]),
        ([{"name": "reason", "value": "mood"}], ["characteristic-invalid"]),
        (
            [{"name": "reason", "value": "lost"}, {"name": "barring", "value": "some"}],
            ["characteristic-invalid"],
        ),
    ],
)
async def test_a_suspension_says_why_and_how_far(
    counter: Counter, number: str, named: list[dict[str, str]], codes: list[str]
) -> None:
    body = suspend(number)
    body["productOrderItem"][0]["product"]["productCharacteristic"] = named
    assert await refused(counter, body) == (400, codes)


async def test_the_product_of_another_node_is_named_by_its_number(counter: Counter) -> None:
    body = suspend("x")
    body["productOrderItem"][0]["product"] |= {"productSerialNumber": None, "id": "nobody's"}
    assert await refused(counter, body) == (400, ["use-number"])


async def test_what_was_accepted_and_not_begun_is_begun_by_the_clock(
    counter: Counter, others: Others, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process dies between the answer and the beginning."""

    monkeypatch.setattr(counter.service.runtime.state.turns, "add", lambda _: None)
    await done(counter, suspend(number))
    assert await status(counter, number) == "suspended"
