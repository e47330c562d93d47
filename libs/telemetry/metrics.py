"""Metrics of one process for Prometheus, and how a service sets its own."""

import os
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Registry:
    """Everything that one process measures; all its services share it, told apart by `node` and `service`."""

    def __init__(self) -> None:
        self.collectors = CollectorRegistry()
        if os.path.isdir("/proc/self"):
            ProcessCollector(registry=self.collectors)
        where = ("node", "service")
        self.requests = Counter(
            "unicrm_requests",
            "HTTP requests answered",
            (*where, "method", "route", "status"),
            registry=self.collectors,
        )
        self.seconds = Histogram(
            "unicrm_request_seconds",
            "Time from the first byte of a request to its answer",
            (*where, "method", "route"),
            buckets=SECONDS,
            registry=self.collectors,
        )
        self.lag = self._gauge(
            "unicrm_consumer_lag", "Messages not yet taken in", *where, "topic", "partition"
        )
        self.outbox = self._gauge("unicrm_outbox_depth", "Outbox rows not yet published", *where)
        self.dead_letters = self._gauge("unicrm_dead_letters", "Dead letters not yet replayed", *where)
        self.parked = self._gauge("unicrm_parked_messages", "Messages that came too early and wait", *where)
        self.notifications = self._gauge(
            "unicrm_hub_notifications",
            "Changes that listeners are still to be told (waiting), or were given up (dead)",
            *where,
            "state",
        )
        self.work_orders = self._gauge("unicrm_work_orders", "Work orders by state", *where, "state")
        self.oldest_work_order = self._gauge(
            "unicrm_oldest_work_order_seconds", "Age of the oldest work order that is under way", *where
        )
        self.silence = self._gauge(
            "unicrm_node_silent_seconds", "Time since headquarters last heard of a node", *where, "of"
        )
        self.held = self._gauge(
            "unicrm_forwards_held", "Forwards that headquarters holds for a node", *where, "of"
        )
        self.behind = self._gauge(
            "unicrm_publication_behind_seconds",
            "For how long a province lacks something of what headquarters published",
            *where,
            "publication",
            "of",
        )
        self.conflicts = self._gauge(
            "unicrm_publication_conflicts",
            "Published records that a province has not taken in as they came",
            *where,
            "publication",
            "of",
        )
        self.spans_dropped = Counter(
            "unicrm_spans_dropped", "Spans that reached no collector", registry=self.collectors
        )

    def _gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(name, help_text, labels, registry=self.collectors)

    def render(self) -> tuple[bytes, str]:
        """The text that Prometheus reads, and its media type."""
        return generate_latest(self.collectors), CONTENT_TYPE_LATEST


PROCESS = Registry()
"""The registry of this process."""


class Metrics:
    """The metrics of one service at one node."""

    def __init__(self, node: str, service: str, registry: Registry = PROCESS) -> None:
        self.registry = registry
        self._at = (node, service)
        # Finding a labelled child costs more than counting: each is looked up once.
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[tuple[str, str], Histogram] = {}
        self._states: set[str] = set()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is the declared path, never the one sent: numbers stay out."""
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self.registry.requests.labels(*self._at, method, route, str(status))
            self._counters[method, route, status] = counter
        counter.inc()
        timer = self._timers.get((method, route))
        if timer is None:
            timer = self._timers[method, route] = self.registry.seconds.labels(*self._at, method, route)
        timer.observe(seconds)

    def consumer_lag(self, topic: str, partition: int, messages: int) -> None:
        """How many messages of a partition this service has not taken in."""
        self.registry.lag.labels(*self._at, topic, str(partition)).set(messages)

    def outbox_depth(self, rows: int) -> None:
        """How many outbox rows wait for the relay."""
        self.registry.outbox.labels(*self._at).set(rows)

    def dead_letters(self, count: int) -> None:
        """How many dead letters wait for somebody."""
        self.registry.dead_letters.labels(*self._at).set(count)

    def parked(self, count: int) -> None:
        """How many messages are parked by key."""
        self.registry.parked.labels(*self._at).set(count)

    def notifications(self, waiting: int, dead: int) -> None:
        """How many notifications wait for their listeners, and how many were given up."""
        self.registry.notifications.labels(*self._at, "waiting").set(waiting)
        self.registry.notifications.labels(*self._at, "dead").set(dead)

    def work_orders(self, by_state: Mapping[str, int]) -> None:
        """How many work orders are in each state; a state not named any more goes to zero."""
        for state in self._states - by_state.keys():
            self.registry.work_orders.labels(*self._at, state).set(0)
        for state, count in by_state.items():
            self.registry.work_orders.labels(*self._at, state).set(count)
        self._states |= by_state.keys()

    def oldest_work_order(self, seconds: float) -> None:
        """How long the oldest work order that is under way has been so; 0 where there is none."""
        self.registry.oldest_work_order.labels(*self._at).set(seconds)

    def publication(self, name: str, node: str, behind: float, conflicts: int) -> None:
        """For how many seconds a province has lacked something, and how many records it could not take in."""
        self.registry.behind.labels(*self._at, name, node).set(behind)
        self.registry.conflicts.labels(*self._at, name, node).set(conflicts)

    def link(self, node: str, silent: float, held: int) -> None:
        """For how many seconds a node was not heard of, and how many forwards are held for it."""
        self.registry.silence.labels(*self._at, node).set(silent)
        self.registry.held.labels(*self._at, node).set(held)
