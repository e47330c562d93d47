"""Whoever listens hears of every record of the catalogue, from its draft to its end."""

from libs.ids import new_id
from services.product.parts import BASE
from services.product.tests.desk import Desk
from tests.engines import eventually
from tests.listening import told


async def test_a_draft_is_told_from_its_beginning_to_its_end(hq: Desk) -> None:
    name = f"test {new_id()}"
    async with told(hq.node, BASE, f"name={name}") as listener:
        for resource in ("catalog", "category", "productSpecification"):
            made = await hq.make(resource, name=name)
            changed = await hq.patch(resource, made["id"], {"description": "new"})
            assert changed.status_code == 200, changed.text
            moved = await hq.patch(resource, made["id"], {"lifecycleStatus": "In design"})
            assert moved.status_code == 200, moved.text
            assert (await hq.delete(resource, made["id"])).status_code == 204
            await eventually(lambda: len(listener.taken) == 4)
            kind = resource[0].upper() + resource[1:]
            assert listener.types() == [
                f"{kind}CreateEvent",
                f"{kind}AttributeValueChangeEvent",
                f"{kind}StateChangeEvent",
                f"{kind}DeleteEvent",
            ]
            assert listener.taken[2]["event"][resource] == moved.json()
            listener.taken.clear()
