"""`make faults`: minutes of trouble for a fleet in which a process is killed or stopped every few seconds.

    python -m tests.faults [--seed N] [--orders N] [--faults N] [--seconds S] [--node-faults N]

Trouble goes on for five minutes or a hundred faults, in any case until 5,000 orders were accepted; then the fleet is
started with a process for each node, and trouble goes on with whole nodes. At last time goes on to the next cycle, so
that what is dated ends and the books are closed. Ends with `violations: 0` and exit code 0, or says what was broken; or
with 1 where trouble was over before there was as much of it, for a run of less shows less.
"""

import argparse
import asyncio
import sys
import time

from deploy.local.trouble import Trouble
from tests.faults.run import Size, run


def main() -> int:
    asked = argparse.ArgumentParser(description="A fleet in trouble, and an independent checker.")
    asked.add_argument("--seed", type=int, default=int(time.time()))
    asked.add_argument("--orders", type=int, default=5_000)
    asked.add_argument("--faults", type=int, default=100)
    asked.add_argument("--seconds", type=float, default=300)
    asked.add_argument("--node-faults", type=int, default=24)
    asked.add_argument("--asking", type=int, default=12)
    asked.add_argument("--subscribers", type=int, default=60)
    told = asked.parse_args()
    size = Size(
        told.seed,
        orders=told.orders,
        faults=told.faults,
        seconds=told.seconds,
        node_faults=told.node_faults,
        asking=told.asking,
        subscribers=told.subscribers,
    )
    began = time.monotonic()
    print(f"seed {told.seed}", flush=True)
    try:
        outcome = asyncio.run(
            run(size, lambda line: print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True))
        )
    except Trouble as trouble:
        print(trouble)
        return 1
    print("\n".join(outcome.lines()))
    return 1 if outcome.violations or outcome.missing else 0


if __name__ == "__main__":
    sys.exit(main())
