"""How a simulator misbehaves: by chance, by configuration, and reliably for some numbers.

The last four digits of a number decide, so that a demonstration can show each trouble on purpose:

    9901  provisioning refuses            (`provisioning-failed`)
    9902  accounting refuses              (`accounting-refused`)
    9903  billing refuses                 (`billing-refused`)
    9904  the first asking of each do stays unanswered; it was carried out
    9905  every answer is late (UNICRM_SIMULATOR_LATE_MS)
    9906  no do is ever answered, though it was carried out; undos are
    9907  the first asking of each undo stays unanswered
"""

import random
from dataclasses import dataclass

from deploy.simulators.settings import SimulatorSettings, System

REFUSAL: dict[System, str] = {
    "provisioning": "provisioning-failed",
    "accounting": "accounting-refused",
    "billing": "billing-refused",
}
REFUSED_BY: dict[str, System] = {"9901": "provisioning", "9902": "accounting", "9903": "billing"}
FIRST_DO_UNANSWERED = "9904"
LATE = "9905"
DO_NEVER_ANSWERED = "9906"
FIRST_UNDO_UNANSWERED = "9907"


@dataclass
class Behaviour:
    """One system's temper."""

    system: System
    settings: SimulatorSettings

    def __post_init__(self) -> None:
        # Chance for a demonstration, not for secrets.
        self._chance = random.Random(self.settings.seed)

    def refuses(self, number: str | None, *, final: bool) -> str | None:
        """The code with which a fresh do is refused out of hand, or None.

        After the point of no return a refusal helps nobody, and chance refuses nothing.
        """
        if (
            self._special(number) in REFUSED_BY
            and REFUSED_BY[self._special(number)] == self.system
            and not final
        ):
            return REFUSAL[self.system]
        if not final and self._chance.random() < self.settings.failure_rate:
            return REFUSAL[self.system]
        return None

    def answers_after(self, number: str | None, direction: str, asking: int) -> float | None:
        """Seconds until the n-th asking (from 1) of a task is answered; None: never."""
        special = self._special(number)
        if direction == "do" and (
            special == DO_NEVER_ANSWERED or (special == FIRST_DO_UNANSWERED and asking == 1)
        ):
            return None
        if direction == "undo" and special == FIRST_UNDO_UNANSWERED and asking == 1:
            return None
        if self._chance.random() < self.settings.silence_rate:
            return None
        if special == LATE:
            return self.settings.late_ms / 1000
        spread = self.settings.delay_spread
        return self.settings.delay_ms * self._chance.uniform(1 - spread, 1 + spread) / 1000

    def _special(self, number: str | None) -> str:
        return number[-4:] if number and self.settings.special_numbers else ""
