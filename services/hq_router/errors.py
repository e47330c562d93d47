"""What the router refuses, at its API and in outcomes."""

from libs.web.errors import Code

OPERATOR_UNKNOWN = Code("operator-unknown", 400)
NODE_UNKNOWN = Code("node-unknown", 400)
NODE_REQUIRED = Code("node-required", 400)
NODE_NOT_OURS = Code("node-not-ours", 400)
NUMBER_MALFORMED = Code("number-malformed", 400)
PERIOD_EMPTY = Code("period-empty", 400)
PERIOD_OVERLAPS = Code("period-overlaps", 409)
ALREADY_IN_FORCE = Code("already-in-force", 409)
ALREADY_ENDED = Code("already-ended", 409)

SWITCH_NAMES_NOTHING = Code("switch-names-nothing", 400)
NOT_SWITCHED_OFF = Code("not-switched-off", 409)
FORWARD_NOT_HELD = Code("forward-not-held", 409)
FORWARD_BEHIND_ANOTHER = Code("forward-behind-another", 409)

NOTHING_TO_REPAIR = Code("nothing-to-repair", 409)
DIFFERENCE_UNKNOWN = Code("difference-unknown", 400)
