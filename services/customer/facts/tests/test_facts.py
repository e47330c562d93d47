"""What other services are told about a customer: everything that decides, newer whenever any of it changes."""

import asyncio

import pytest

from services.customer.tests.hall import (
    CUSTOMER,
    FACTS,
    INDIVIDUAL,
    ORGANIZATION,
    Hall,
    credit_code,
    resident_id,
)


async def test_the_facts_of_an_individual(hall: Hall) -> None:
    number = resident_id()
    party = await hall.individual(number)
    care = {"level": "gold", "accountManager": "m-1", "dealer": "d-1"}
    id = await hall.customer(
        party, characteristic=[{"name": name, "value": value} for name, value in care.items()]
    )
    digest = hall.service.runtime.cipher.digest("resident-id", number)
    facts = await hall.facts("customers", id)
    assert facts.pop("at")
    assert facts == {
        "id": id,
        "version": 1,
        "deleted": False,
        "kind": "individual",
        "name": None,
        "status": "active",
        "party": party,
        "maskedName": "张*",
        "identityDigests": [digest],
        "agentDigests": [],
        "blacklisted": False,
        "redlisted": False,
        "area": "020",
        **care,
    }


async def test_a_new_document_of_the_party_is_told_for_its_customers(hall: Hall) -> None:
    party = await hall.individual()
    one, other, stranger = await hall.customer(party), await hall.customer(party), await hall.customer()
    entry = {"identificationType": "passport", "identificationId": "E87654321"}
    await hall.patch(f"{INDIVIDUAL}/{party}", {"individualIdentification": [entry]})
    digest = hall.service.runtime.cipher.digest("passport", "E87654321")
    for id in (one, other):
        last = (await hall.told(id, 2))[-1].data
        assert (last["version"], last["identityDigests"]) == (2, [digest])
        assert last == await hall.facts("customers", id)
    assert (await hall.facts("customers", stranger))["version"] == 1
    # The customer's own record did not change.
    assert (await hall.get(f"{CUSTOMER}/{one}")).headers["etag"] == '"1"'


async def test_the_agents_of_an_organization_are_told_by_their_documents(hall: Hall) -> None:
    number, code = resident_id(), credit_code()
    agent, next_agent = await hall.individual(number), await hall.individual()
    organization = await hall.organization(code, agent)
    id = await hall.customer(organization, "Organization")
    cipher = hall.service.runtime.cipher
    facts = await hall.facts("customers", id)
    assert facts["identityDigests"] == [cipher.digest("uscc", code)]
    assert facts["agentDigests"] == [cipher.digest("resident-id", number)]

    entry = {"identificationType": "passport", "identificationId": "E11112222"}
    await hall.patch(f"{INDIVIDUAL}/{agent}", {"individualIdentification": [entry]})
    assert (await hall.facts("customers", id))["agentDigests"] == [cipher.digest("passport", "E11112222")]

    party = {"id": next_agent, "role": "agent", "@referredType": "Individual"}
    await hall.patch(f"{ORGANIZATION}/{organization}", {"relatedParty": [party]})
    await hall.patch(f"{ORGANIZATION}/{organization}", {"relatedParty": None})
    events = await hall.told(id, 4)
    assert [event.data["version"] for event in events] == [1, 2, 3, 4]
    assert events[-1].data["agentDigests"] == []
    assert len(events[2].data["agentDigests"]) == 1


async def test_changes_at_the_same_moment_lose_nothing(hall: Hall) -> None:
    party = await hall.individual()
    id = await hall.customer(party)
    patches = [hall.patch(f"{CUSTOMER}/{id}", {"statusReason": f"{n}"}) for n in range(6)]
    patches += [hall.patch(f"{INDIVIDUAL}/{party}", {"gender": f"{n}"}) for n in range(6)]
    answers = await asyncio.gather(*patches)
    assert {answer.status_code for answer in answers} == {200}
    events = await hall.told(id, 13)
    assert [event.data["version"] for event in events] == list(range(1, 14))


async def test_a_customer_made_while_the_party_changes_is_told_of_the_change(hall: Hall) -> None:
    party = await hall.individual()
    entry = {"identificationType": "passport", "identificationId": "E33334444"}
    made, changed = await asyncio.gather(
        hall.customer(party), hall.patch(f"{INDIVIDUAL}/{party}", {"individualIdentification": [entry]})
    )
    assert changed.status_code == 200
    digest = hall.service.runtime.cipher.digest("passport", "E33334444")
    assert (await hall.facts("customers", made))["identityDigests"] == [digest]
    newest = max((one.data for one in await hall.told(made)), key=lambda data: int(data["version"]))
    assert newest["identityDigests"] == [digest]


@pytest.mark.parametrize("what", ["customers", "billingAccounts", "identityChecks"])
async def test_facts_are_for_the_fleets_own_services(hall: Hall, what: str) -> None:
    for role in ("hall-clerk", "machine", "supervisor", "migration"):
        assert (await hall.get(f"{FACTS}/{what}/x", role)).status_code == 403
    missing = await hall.get(f"{FACTS}/{what}/x", "service")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
