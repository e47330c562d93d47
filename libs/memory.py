"""How often a process that serves looks for garbage in cycles: seldom, for requests leave hardly any."""

import gc

NEW_OBJECTS = 50_000
"""So many more objects made than freed since the last look; Python's own 700 cost a fifth of accepting an order."""
YOUNG_LOOKS, OLD_LOOKS = 20, 50


def settle() -> None:
    """What is loaded now stays for good, and is never looked through again; call it once, when all is started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_LOOKS, OLD_LOOKS)
