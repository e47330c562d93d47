import pytest

from services.customer.tests.hall import INDIVIDUAL, Hall

DISCLOSURES = "/api/customer/v1/disclosures"


async def test_an_auditor_reads_who_saw_whom_and_why(hall: Hall) -> None:
    one, other = await hall.individual(), await hall.individual()
    for id, clerk in ((one, "clerk-1"), (other, "clerk-2"), (one, "clerk-2")):
        await hall.get(f"{INDIVIDUAL}/{id}", params={"purpose": "counter-service"}, subject=clerk)
    everything = await hall.get(DISCLOSURES, "auditor")
    assert [entry["record"] for entry in everything.json()] == [one, other, one]
    assert everything.headers["x-total-count"] == "3"
    of_one = (await hall.get(DISCLOSURES, "auditor", params={"record": one})).json()
    assert [entry["actor"].split(" ")[1] for entry in of_one] == ["clerk-2", "clerk-1"]
    actor = f"{hall.service.settings.issuer} clerk-2"
    by_one = (await hall.get(DISCLOSURES, "auditor", params={"actor": actor, "limit": "1"})).json()
    (entry,) = by_one
    assert (entry["purpose"], entry["resource"]) == ("counter-service", "Individual")
    assert entry["place"]["hall"] == "gd-hall-1"
    assert "individualIdentification.identificationId" in entry["attributes"]


@pytest.mark.parametrize("role", ["hall-clerk", "supervisor", "machine", "service"])
async def test_those_who_are_watched_do_not_read_it(hall: Hall, role: str) -> None:
    assert (await hall.get(DISCLOSURES, role)).status_code == 403


async def test_unknown_parameters_are_refused(hall: Hall) -> None:
    answer = await hall.get(DISCLOSURES, "auditor", params={"who": "me"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-parameter")
