"""When Python's garbage collector looks: rarely, where requests leave no cycles."""

import gc

COLLECT_EVERY_OBJECTS = 50_000


def rare_collections() -> None:
    """Tell the garbage collector that what a start made stays, and that requests leave no cycles.

    A young collection every 700 objects would look at each batch several times. Nothing is
    collected first: that would unshare the memory that the roles have in common.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS, 20, 100)
