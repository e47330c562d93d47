"""How much trouble is enough, and that a seed says all of it."""

import random
from collections import Counter
from itertools import islice

from tests.faults.run import Outcome, Spell
from tests.faults.small import small
from tests.faults.trouble import Fault, planned

VICTIMS = {"service": ["gd.resource", "bj.resource"], "kafka": ["kafka"], "node": ["bj", "gd", "hq"]}
PAUSES = (0.5, 3.0)


def test_the_same_seed_makes_the_same_faults() -> None:
    once, again = (list(islice(planned(random.Random("7"), VICTIMS, PAUSES), 60)) for _ in range(2))
    assert once == again
    assert once != list(islice(planned(random.Random("8"), VICTIMS, PAUSES), 60))


def test_no_kind_of_victim_is_left_out_in_any_round() -> None:
    planned_ones = planned(random.Random("7"), VICTIMS, PAUSES)
    for _ in range(5):
        round_ = list(islice(planned_ones, 2 * len(VICTIMS)))
        assert Counter(one.kind for one in round_) == dict.fromkeys(VICTIMS, 2)
        assert {one.how for one in round_} == {"kill", "stop"}
    assert list(planned(random.Random("7"), {}, PAUSES)) == []


def of(faults: int, accepted: int, lasted: float) -> Spell:
    return Spell([Fault("kill", "node", "bj", "bj", 0.0)] * faults, accepted, lasted)


def test_trouble_is_enough_with_the_orders_and_either_the_faults_or_the_time() -> None:
    assert of(100, 5000, 20).missing(5000, 100, 300) == []
    assert of(60, 5000, 300).missing(5000, 100, 300) == []
    assert of(60, 5000, 299).missing(5000, 100, 300) == ["fewer than 100 faults: 60, in 299 s"]
    assert of(100, 4999, 1200).missing(5000, 100, 300) == [
        "fewer than 5000 orders: 4999 were accepted in trouble"
    ]


def test_the_report_says_what_was_short_and_after_how_many_faults_it_went_on() -> None:
    evidence = small()
    begun = evidence.of("gd", "work_orders")[0]["created"].timestamp()
    outcome = Outcome(evidence, [])
    outcome.faults = [Fault("kill", "service", "gd.resource", "gd", begun + at) for at in (-1, 1)]
    outcome.missing = of(2, 1, 9).missing(5, 2, 9)
    lines = outcome.lines()
    assert "recovered after 1 of 2 faults: median 3.0 s, longest 3.0 s" in lines
    assert "fewer than 5 orders: 1 were accepted in trouble" in lines
