"""Where a look goes next, and what headquarters takes out of an answer. Pure."""

from contracts.subscribers import BusinessPermitted, OfferingSeen, OwnerSeen, SubscriberView
from services.hq_router.homes.rules import Home, NoHome
from services.hq_router.looking.rules import MOST_HOPS, Look, disowned, goes_to, without_switched_off

FROM_BEIJING = Look(None, ("bj",))


def test_a_look_goes_to_the_home_of_the_number() -> None:
    assert goes_to(FROM_BEIJING, Home("gd"), ()) == Look("gd", ("bj",), 1)


def test_a_number_without_a_home_is_answered_by_the_router() -> None:
    assert goes_to(FROM_BEIJING, NoHome("number-not-ours", "mobile"), ()) == "number-not-ours"
    assert goes_to(FROM_BEIJING, NoHome("number-unknown"), ()) == "number-unknown"


def test_nobody_waits_for_a_home_that_was_not_heard_for_a_minute() -> None:
    assert goes_to(FROM_BEIJING, Home("gd"), ("gd",)) == "home-not-answering"


def test_who_disowns_a_number_is_not_asked_again_and_the_hops_have_an_end() -> None:
    look = FROM_BEIJING
    for n, node in enumerate(("gd", "sh", "zj"), 1):
        went = goes_to(look, Home(node), ())
        assert isinstance(went, Look)
        assert went.hops == n
        look = disowned(went)
    assert look.tried == ("bj", "gd", "sh", "zj")
    assert look.hops == MOST_HOPS
    assert goes_to(look, Home("js"), ()) == "number-unknown"


def test_a_business_that_is_switched_off_is_refused_and_the_others_stay() -> None:
    view = SubscriberView(
        status="active",
        owner=OwnerSeen(),
        plan=OfferingSeen(id="p"),
        permitted=[
            BusinessPermitted(business="pay", presenter=False),
            BusinessPermitted(business="suspend", presenter=False, reasons=["lost"]),
        ],
    )
    seen = without_switched_off(view, {"suspend", "resume"})
    assert [one.business for one in seen.permitted] == ["pay"]
    assert [(one.business, one.reasons[0].code) for one in seen.refused] == [("suspend", "switched-off")]
    assert without_switched_off(view, ()) == view
