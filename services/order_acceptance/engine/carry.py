"""Carrying decisions out: a batch of moved work orders becomes rows, messages and the ends of orders.

One transaction moves many work orders; whatever the number, the statements are the same few.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from libs.fail_points import reach
from libs.messaging import Work
from libs.node import Settings
from services.order_acceptance.engine import rules, store, subscriptions
from services.order_acceptance.engine.patience import Patience, waits_until
from services.order_acceptance.engine.rules import Effect, Moved, WorkState
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.words import forward_of, outcome_of, process_of, ready_of, task_of
from services.order_acceptance.groups.deciding import children_ended
from services.order_acceptance.processes.here import HERE_STEPS
from services.order_acceptance.settlement.store import begin, settle

FIRST_MOVE = 3
"""The sequence of a work order after its first move: 1 when made, 2 when its first step was asked."""
T = TypeVar("T")


def _ours(stored: Stored) -> bool:
    return stored.work.part != "home" and not stored.work.ended


def patience_of(settings: Settings) -> Patience:
    """How long this node waits for a task, and how often it asks."""
    return Patience(timedelta(seconds=settings.task_deadline_seconds), settings.task_askings)


@dataclass
class Batch:
    """What one transaction moves: work orders as they are by now, and what is still to be done for them."""

    unit: Work
    moved: dict[str, Stored] = field(default_factory=dict)
    _here: dict[tuple[str, str], list[tuple[Stored, rules.DoHere]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _ended: list[Stored] = field(default_factory=list)

    @property
    def node(self) -> str:
        return str(self.unit.runtime.settings.node)

    def take(self, stored: Stored, decided: Moved) -> None:
        """One work order made one move."""
        work, effects = decided
        after = stored.moved(work)
        if work.part == "home" and work.ended and work.state is WorkState.COMPLETED:
            after = replace(
                after, output=dict(process_of(work).reports(rules.progress_of(work, process_of(work))))
            )
        self.moved[work.id] = after
        self.unit.belongs_to(stored.trace, work.id, work.order)
        for effect in effects:
            self._do(after, effect)

    def _do(self, stored: Stored, effect: Effect) -> None:
        match effect:
            case rules.Ask():
                self.unit.send(task_of(stored, effect))
            case rules.SendForward():
                self.unit.send(forward_of(stored))
            case rules.DoHere():
                self._here[effect.step.name, effect.direction].append((stored, effect))
            case rules.TellReady():
                self.unit.send(ready_of(stored, self.unit))
            case rules.End():
                self._ended.append(stored)

    async def finish(self) -> None:
        """Write everything: own steps, ended orders, guards passed on (whoever won starts here), rows."""
        reach("engine.moved")
        while self._here or self._ended:
            here, self._here = self._here, defaultdict(list)
            for (name, direction), found in here.items():
                await HERE_STEPS[name, direction](
                    self.unit, [(stored, dict(effect.step.input or {})) for stored, effect in found]
                )
            reach("engine.done-here")
            ended, self._ended = self._ended, []
            if ended:
                await self._end(ended)
        await store.save(self.unit.tx, list(self.moved.values()), self.node, self.unit.now)
        reach("engine.saved")
        begun = [one.work for one in self.moved.values() if one.sequence <= FIRST_MOVE and _ours(one)]
        # Where home waits for a date, the order at the acceptance node stays pending.
        await begin(
            self.unit,
            [work.order for work in begun],
            dated=[work.order for work in begun if work.part == "whole"],
        )

    async def _end(self, ended: Sequence[Stored]) -> None:
        for stored in ended:
            if stored.work.part == "home":
                self.unit.send(outcome_of(stored, self.unit))
        ours = [stored for stored in ended if stored.work.part != "home"]
        await settle(self.unit, [stored for stored in ours if stored.work.group is None])
        children = [stored for stored in ours if stored.work.group is not None]
        # The end of a group tells what each of its children came to, this one's too.
        await store.save(self.unit.tx, children, self.node, self.unit.now)
        await children_ended(self.unit, children)
        reach("engine.settled")
        holders = [stored.work.id for stored in ended if stored.guarded]
        while holders:
            winners = await store.pass_guards_on(self.unit.tx, holders, list(self.moved), self.unit.now)
            reach("engine.guards-passed-on")
            known = await store.lock(self.unit.tx, winners, self.node)
            ready = [stored for stored in known.values() if stored.work.state is WorkState.WAITING]
            await self.start(ready)
            # Whom the clock ended between the two statements hands the guard on.
            holders = sorted(known.keys() - {stored.work.id for stored in ready})

    async def begin_due(self, dated: Sequence[Stored]) -> None:
        """Those whose time has come begin where their guard is free; the others wait for it from now on."""
        winners = await store.take_guards(self.unit.tx, [one for one in dated if one.guarded], self.unit.now)
        if winners:
            reach("engine.guards-taken")
        ready = [one for one in dated if not one.guarded or one.work.id in winners]
        waits = [
            one.moved(replace(one.work, state=WorkState.WAITING, next_at=until))
            for one in dated
            if one.guarded and one.work.id not in winners
            for until in [waits_until(one.work.deadline, one.work.group, self.unit.now)]
        ]
        # Written before the others begin: a guard that is given up at once goes to a row that says it waits.
        await store.save(self.unit.tx, waits, self.node, self.unit.now)
        await self.start(ready)

    async def start(self, waiting: Sequence[Stored]) -> None:
        """Those that won their guard begin, with the subscription as it is by now; or may not any more."""
        found = await subscriptions.as_they_are(self.unit.tx, waiting)
        for stored in waiting:
            renewed, reasons = subscriptions.renewed(stored, found, self.unit.now)
            work = renewed.work
            decided = (
                rules.turned_away(work, reasons)
                if reasons
                else rules.start(
                    work, process_of(work), self.unit.now, patience_of(self.unit.runtime.settings)
                )
            )
            self.take(renewed, decided)


async def move(
    unit: Work,
    events: Sequence[tuple[str, T]],
    decide: Callable[[Stored, T], Moved | None],
    learn: Callable[[Stored, T], Stored] = lambda stored, _: stored,
) -> tuple[list[T], list[T]]:
    """Lock the named work orders, let `decide` move each by its events in turn, and write it all.

    `learn` may note in the row what an event tells beside the move.
    Gives the events that moved nothing (nobody waited for them), and those whose work order is not here.
    """
    known = await store.lock(unit.tx, [work_order for work_order, _ in events], _node(unit))
    known = await subscriptions.renew_begun(unit.tx, known, unit.now)
    batch = Batch(unit)
    idle: list[T] = []
    strange: list[T] = []
    for work_order, event in events:
        stored = batch.moved.get(work_order) or known.get(work_order)
        if stored is None:
            strange.append(event)
            continue
        decided = decide(stored, event)
        if decided is None:
            idle.append(event)
        else:
            batch.take(learn(stored, event), decided)
    await batch.finish()
    return idle, strange


def _node(unit: Work) -> str:
    return str(unit.runtime.settings.node)
