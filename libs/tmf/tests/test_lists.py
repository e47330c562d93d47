"""Lists: filters, sort, pages, fields."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from libs.tmf.tests.conftest import Ask
from libs.tmf.tests.gadget import BASE

Make = Callable[..., Awaitable[dict[str, Any]]]
LI = {"id": "p1", "role": "owner", "@referredType": "Individual"}
WANG = {"id": "p2", "role": "user", "@referredType": "Individual"}


@pytest.fixture
async def three(make: Make) -> None:
    await make(
        name="alpha, the first",
        size=9,
        weight=1.5,
        isBundle=True,
        tag=["red", "loud"],
        extra="5",
        releaseDate="2026-01-01",
        lastUpdate="2026-01-01T08:00:00+08:00",
        relatedParty=[LI, WANG],
        resourceCharacteristic=[{"name": "colour", "value": "red"}, {"name": "state", "value": "free"}],
        part=[{"name": "clapper", "part": [{"name": "bolt", "weight": 0.1}]}],
        price={"taxIncludedAmount": {"unit": "CNY", "value": 50.00}},
        lifecycleStatus="active",
    )
    await make(
        name="beta",
        size=10,
        weight=20,
        isBundle=False,
        tag=["blue"],
        extra=5,
        releaseDate="2026-06-01",
        lastUpdate="2026-01-01T00:00:01Z",
        relatedParty=[WANG],
        resourceCharacteristic=[{"name": "colour", "value": "blue"}, {"name": "state", "value": "reserved"}],
        validFor={"startDateTime": "2026-03-01T00:00:00Z"},
    )
    await make(name="gamma", lastUpdate="2026-12-31T23:59:59.999999Z", extra=["x", True])


ALL = ["alpha, the first", "beta", "gamma"]
A, B, G = ALL


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ALL),
        ("name=beta", [B]),
        ("name=beta,gamma", [B, G]),
        ("name=beta&name=gamma", [B, G]),
        ("name=alpha\\, the first", [A]),
        ("name.eq=beta", [B]),
        ("name.ne=beta", [A, G]),
        ("name.ne=beta,gamma", [A]),
        ("name.gt=beta", [G]),
        ("name.lte=beta", [A, B]),
        ("name.regex=^(a|g).*a", [A, G]),
        (r"name.regex=^\w{4}$", [B]),
        ("name.regex=^a.{2,3}h&name.regex=^b", [A, B]),
        ("size=9", [A]),
        ("size=9.0", [A]),
        ("size=9.5", []),
        ("size=99999999999999999999", []),
        ("size.gt=9", [B]),
        ("size.gte=9&size.lt=10", [A]),
        ("size.ne=9", [B, G]),
        ("weight.lt=3", [A]),
        ("weight=20.0,1.5", [A, B]),
        ("isBundle=true", [A]),
        ("isBundle.ne=true", [B, G]),
        ("releaseDate.gte=2026-02-01", [B]),
        ("releaseDate=2026-01-01", [A]),
        ("lastUpdate=2026-01-01T00:00:00Z", [A]),
        ("lastUpdate=2026-01-01T08:00:00+08:00", [A]),
        ("lastUpdate=2026-01-01T08:00:00%2B08:00", [A]),
        ("lastUpdate.gt=2026-01-01T00:00:00Z", [B, G]),
        ("lastUpdate.lt=2026-01-02", [A, B]),
        ("validFor.startDateTime.gte=2026-03-01T08:00:00%2B08:00", [B]),
        ("validFor.startDateTime.ne=2026-03-01T00:00:00Z", [A, G]),
        ("tag=loud", [A]),
        ("tag=loud,blue", [A, B]),
        ("tag.ne=loud", [B, G]),
        ("tag.regex=^r", [A]),
        ("extra=5", [A, B]),
        ("extra=true", [G]),
        ("extra.gt=4", [A, B]),
        ("relatedParty.id=p1", [A]),
        ("relatedParty.id=p2", [A, B]),
        ("relatedParty.id=p1&relatedParty.role=user", [A]),
        ("relatedParty.@referredType=Individual", [A, B]),
        ("relatedParty.id.ne=p1", [B, G]),
        ("part.part.name=bolt", [A]),
        ("part.part.weight.lte=0.1", [A]),
        ("price.taxIncludedAmount.value=50", [A]),
        ("price.taxIncludedAmount.value.gt=50", []),
        ("lifecycleStatus=active", [A]),
        ("lifecycleStatus.ne=active", [B, G]),
        ("colour=red", [A]),
        ("colour=red,blue", [A, B]),
        ("colour.regex=^b", [B]),
        ("state=free", [A]),
        ("state.ne=free", [B, G]),
        ("resourceCharacteristic.value=blue", [B]),
        ("nameLength=4,5", [B, G]),
        ("@type=Gadget", ALL),
        ("@type.ne=Gadget", []),
        ("name=", []),
        ("name=' OR 1=1 --", []),
        ("name=%25", []),
    ],
)
async def test_filters(ask: Ask, three: None, query: str, names: list[str]) -> None:
    answer = await ask("GET", f"gadget?sort=name&{query}")
    assert answer.status_code == 200, answer.text
    assert [one["name"] for one in answer.json()] == names
    assert answer.headers["X-Total-Count"] == answer.headers["X-Result-Count"] == str(len(names))


async def test_id_and_href_find_the_record_that_showed_them(ask: Ask, three: None) -> None:
    shown = (await ask("GET", "gadget")).json()[1]
    for name in ("id", "href"):
        assert (await ask("GET", "gadget", params={name: shown[name]})).json() == [shown]
    assert (await ask("GET", "gadget", params={"href": "http://elsewhere/x"})).json() == []


@pytest.mark.parametrize(
    ("query", "code", "path"),
    [
        ("nonsense=1", "unknown-filter", "nonsense"),
        ("relatedParty=1", "unknown-filter", "relatedParty"),
        ("relatedParty.nonsense=1", "unknown-filter", "relatedParty.nonsense"),
        ("name.like=a", "unknown-filter", "name.like"),
        ("document=1", "unknown-filter", "document"),
        ("version=1", "unknown-filter", "version"),
        ("dealer=1", "unknown-filter", "dealer"),
        ("purpose=audit", "unknown-filter", "purpose"),
        ("size=big", "invalid-filter", "size"),
        ("size=NaN", "invalid-filter", "size"),
        ("size=1e9", "invalid-filter", "size"),
        ("isBundle=yes", "invalid-filter", "isBundle"),
        ("isBundle.gt=true", "invalid-filter", "isBundle.gt"),
        ("lastUpdate=yesterday", "invalid-filter", "lastUpdate"),
        ("lastUpdate=2026-01-01T00:00:00", "invalid-filter", "lastUpdate"),
        ("lastUpdate=2026-02-30", "invalid-filter", "lastUpdate"),
        ("lifecycleStatus=gone", "invalid-filter", "lifecycleStatus"),
        ("name.regex=(", "invalid-filter", "name.regex"),
        ("name.regex=a&tag.regex=*", "invalid-filter", "tag.regex"),
        (r"name.regex=(a*)(a*)\1\2", "invalid-filter", "name.regex"),
        (r"name.regex=\\\1", "invalid-filter", "name.regex"),
        ("size.regex=1", "invalid-filter", "size.regex"),
        (f"name.regex={'a' * 201}", "invalid-filter", "name.regex"),
        (f"name={'a' * 1001}", "invalid-filter", "name"),
        (f"name={'a,' * 100}", "too-many-filters", "name"),
        ("&".join(f"x{place}=1" for place in range(31)), "too-many-filters", None),
        ("sort=nonsense", "unknown-sort", "sort"),
        ("sort=tag", "unknown-sort", "sort"),
        ("sort=--name", "unknown-sort", "sort"),
        ("sort=name;drop", "unknown-sort", "sort"),
        ("fields=nonsense", "unknown-attribute", "fields"),
        ("limit=0", "invalid", "limit"),
        ("limit=101", "page-too-large", "limit"),
        ("offset=-1", "invalid", "offset"),
    ],
)
async def test_what_cannot_be_asked(ask: Ask, query: str, code: str, path: str | None) -> None:
    answer = await ask("GET", f"gadget?{query}")
    assert answer.status_code == 400
    reasons = [(one["code"], one.get("path")) for one in answer.json()["reasons"]]
    assert reasons == [(code, path)]


async def test_every_wrong_filter_is_named(ask: Ask) -> None:
    answer = await ask("GET", "gadget?a=1&size=x&b.gt=2")
    assert [one["path"] for one in answer.json()["reasons"]] == ["a", "size", "b.gt"]


async def test_a_regular_expression_that_takes_for_ever_is_given_up(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.tmf.select.REGEX_PATIENCE", "50ms")
    answer = await ask("GET", "gadget?name.regex=(((a{1,100}){1,100}){1,100})b")
    assert (answer.status_code, answer.json()["code"]) == (400, "filter-too-costly")


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", [A, B, G]),
        ("-name", [G, B, A]),
        ("size", [A, B, G]),
        ("-size", [B, A, G]),
        ("-weight", [B, A, G]),
        ("lastUpdate", [A, B, G]),
        ("-validFor.startDateTime,-name", [B, G, A]),
        ("isBundle", [B, A, G]),
        ("created", [A, B, G]),
        ("-created", [G, B, A]),
        ("id", [A, B, G]),
        ("colour", [B, A, G]),
        ("-state", [B, A, G]),
        ("", [G, B, A]),
    ],
)
async def test_sorting(ask: Ask, three: None, sort: str, names: list[str]) -> None:
    answer = await ask("GET", "gadget", params={"sort": sort})
    assert [one["name"] for one in answer.json()] == names


async def test_pages_with_their_counts_and_links(ask: Ask, make: Make, store: Any) -> None:
    for place in range(5):
        await make(name=f"g{place}")
    answer = await ask(
        "GET", "gadget", params={"sort": "name", "offset": "2", "limit": "2", "name.gte": "g0"}
    )
    assert [one["name"] for one in answer.json()] == ["g2", "g3"]
    assert (answer.headers["X-Total-Count"], answer.headers["X-Result-Count"]) == ("5", "2")
    start = f"{store.settings.public_url}{BASE}/gadget?sort=name&name.gte=g0&"
    links = dict(part.rsplit("; rel=", 1)[::-1] for part in answer.headers["Link"].split(", "))
    assert links['"next"'] == f"<{start}offset=4&limit=2>"
    assert links['"prev"'] == f"<{start}offset=0&limit=2>"
    assert links['"first"'] == f"<{start}offset=0&limit=2>"
    assert links['"last"'] == f"<{start}offset=4&limit=2>"


async def test_beyond_the_end_the_list_is_empty_and_the_total_right(ask: Ask, three: None) -> None:
    answer = await ask("GET", "gadget", params={"offset": "50"})
    assert (answer.status_code, answer.json()) == (200, [])
    assert (answer.headers["X-Total-Count"], answer.headers["X-Result-Count"]) == ("3", "0")


async def test_an_empty_list_has_no_records_and_a_total_of_none(ask: Ask) -> None:
    answer = await ask("GET", "gadget")
    assert (answer.json(), answer.headers["X-Total-Count"]) == ([], "0")


async def test_fields_select_attributes_and_keep_who_it_is(ask: Ask, make: Make) -> None:
    body = await make(size=3, **{"@baseType": "Thing", "@ours": 1})
    always = {"id", "href", "@type"}

    async def shown(fields: str) -> list[set[str]]:
        one = await ask("GET", f"gadget/{body['id']}", params={"fields": fields})
        many = await ask("GET", "gadget", params={"fields": fields})
        assert many.json() == [one.json()]
        assert one.json().items() <= body.items()
        return [set(one.json())]

    assert await shown("name,size") == [always | {"name", "size"}]
    assert await shown("none") == [always]
    assert await shown("id,@ours,description") == [always | {"@ours"}]
    assert (await ask("GET", f"gadget/{body['id']}?fields=relatedParty.id")).status_code == 400
    assert (await ask("GET", f"gadget/{body['id']}?name=x")).json()["code"] == "unknown-parameter"
