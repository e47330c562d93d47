"""Logs of a node while an engine is away: readable."""

import logging

from deploy.local.node import _Sparing


def said(name: str, text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, text, values, None)


def test_what_aiokafka_says_at_every_attempt_is_said_once_and_what_others_say_always() -> None:
    sparing = _Sparing()
    attempts = [sparing.filter(said("aiokafka", "Unable connect to node with id %s", id)) for id in (1, 1, 2)]
    assert attempts == [True, False, False]
    assert sparing.filter(said("aiokafka.consumer.group_coordinator", "Heartbeat session expired"))
    assert all(sparing.filter(said("libs.messaging", "relay.waits")) for _ in range(2))
