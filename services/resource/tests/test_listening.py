"""Whoever listens hears of numbers and cards, also of what tasks and the clock do to them."""

from datetime import timedelta

from services.resource.inventory.api import BASE
from services.resource.tests.counter import RESERVATIONS, Counter
from tests.engines import eventually
from tests.listening import told


async def test_a_number_that_is_reserved_and_comes_free_again_is_told_twice(counter: Counter) -> None:
    async with told(counter.service, BASE, "category=msisdn") as listener:
        (id,) = await counter.numbers("13000401111")
        await counter.cards(1)
        held = await counter.post(RESERVATIONS, {"resource": [{"id": id}], "validMinutes": 30})
        assert held.status_code == 201, held.text
        counter.clock.advance(timedelta(minutes=31))
        await counter.service.tick("expire")
        await eventually(lambda: len(listener.taken) == 3)
        assert listener.types() == ["ResourceCreateEvent", *["ResourceStateChangeEvent"] * 2]
        shown = [one["event"]["resource"] for one in listener.taken]
        assert [one["resourceStatus"] for one in shown] == ["available", "reserved", "available"]
        assert {one["id"] for one in shown} == {id}
        assert shown[0]["href"].endswith(f"{BASE}/resource/{id}")


async def test_a_card_is_told_as_the_physical_resource_that_it_is(counter: Counter) -> None:
    async with told(counter.service, BASE) as listener:
        (value,) = await counter.cards(1)
        await eventually(lambda: listener.taken)
        assert listener.types() == ["PhysicalResourceCreateEvent"]
        assert listener.taken[0]["event"]["physicalResource"]["serialNumber"] == value
