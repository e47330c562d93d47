"""Rebuilding a projection: its owner republishes every record, and the copy ends as what the owner has.

The copy is never emptied, so that orders go on meanwhile. First every row of it is *doubted*. Then the owner sends its
records as the events that they always are; each event confirms or replaces its row, and makes one that was missing.
What is still doubted when all of them were taken in is asked for, one by one: the owner's word replaces it, and what
the owner does not have is marked as deleted.
"""

from libs.rebuilding.copies import Copies, copy_columns
from libs.rebuilding.snapshots import Republishes

__all__ = ["Copies", "Republishes", "copy_columns"]
