"""`python -m tests.faults.broken …`: what `unicrm …` is, broken in the ways that the environment names.

A fleet of `broken.fleet` starts its nodes with it; the product itself has no switch for any of this.
"""

import os

from deploy.cli.main import main
from tests.faults.broken.ways import WAYS

for name in os.environ["BROKEN"].split(","):
    WAYS[name]()
main()
