from typing import Any

from services.product import errors
from services.product.identifiers import fixed_id
from services.product.offerings.rules import BUSINESSES, Known, faults_of, kind_of, lacking
from services.product.seed.fees import FEES

PLANS = fixed_id("category", "postpaid-plans")
OPTIONS = fixed_id("category", "data-options")
FEES_CATEGORY = fixed_id("category", "business-fees")
KNOWN = Known(
    specification={"id": "s"},
    parents={PLANS: None, OPTIONS: None, FEES_CATEGORY: None},
    prices={"p": {}},
    offerings={"a-plan": "plan", "an-option": "option", "a-draft": None},
)


def offering(*categories: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "x",
        "lifecycleStatus": "In study",
        "category": [{"id": one} for one in categories],
    } | more


def codes(document: dict[str, Any], known: Known = KNOWN) -> list[tuple[str, str]]:
    return [(reason.code.name, reason.path) for reason in faults_of("me", document, known)]


def test_every_unknown_reference_is_named_at_its_place() -> None:
    document = offering(
        "nowhere",
        productSpecification={"id": "none"},
        productOfferingPrice=[{"id": "p"}, {"id": "q"}],
        bundledProductOffering=[{"id": "nobody"}],
        productOfferingRelationship=[{"id": "me", "relationshipType": "substitution"}],
    )
    assert codes(document, Known(prices={"p": {}})) == [
        ("specification-unknown", "productSpecification.id"),
        ("category-unknown", "category[0].id"),
        ("price-unknown", "productOfferingPrice[1].id"),
        ("refers-to-itself", "productOfferingRelationship[0].id"),
        ("offering-unknown", "bundledProductOffering[0].id"),
    ]


def test_an_offering_is_one_thing() -> None:
    assert codes(offering(PLANS, OPTIONS)) == [("category-kinds-differ", "category")]
    assert kind_of(offering(PLANS), KNOWN.parents) == "plan"
    assert kind_of(offering(), KNOWN.parents) is None


def test_an_option_relies_on_plans_only() -> None:
    def relying(on: str, kind: str = "reliesOn") -> dict[str, Any]:
        return offering(OPTIONS, productOfferingRelationship=[{"id": on, "relationshipType": kind}])

    assert codes(relying("a-plan")) == []
    assert codes(relying("an-option")) == [("not-a-plan", "productOfferingRelationship[0].id")]
    assert codes(relying("a-draft")) == [("not-a-plan", "productOfferingRelationship[0].id")]
    assert codes(relying("an-option", "substitution")) == []


def test_a_fee_is_named_as_a_business() -> None:
    assert codes(offering(FEES_CATEGORY, name="replace-sim")) == []
    assert codes(offering(FEES_CATEGORY, name="补卡")) == [("business-unknown", "name")]
    assert codes(offering(PLANS, name="补卡")) == []


def test_a_network_that_nobody_has_is_refused() -> None:
    said = [{"name": "network", "productSpecCharacteristicValue": [{"value": "nr"}, {"value": "6g"}]}]
    (reason,) = faults_of("me", offering(PLANS, prodSpecCharValueUse=said), KNOWN)
    assert (reason.code, reason.params["network"]) == (errors.NETWORK_UNKNOWN, "6g")


def test_what_is_sold_has_a_kind_and_a_bundle_has_parts() -> None:
    assert lacking(offering(), None) == ["category"]
    assert lacking(offering(), "plan") == []
    assert lacking(offering(), "bundle") == ["bundledProductOffering"]


def test_every_business_has_its_fee_in_the_national_catalogue() -> None:
    assert [fee.named for fee in FEES] == [fee.key for fee in FEES]
    assert {fee.named for fee in FEES} == BUSINESSES
