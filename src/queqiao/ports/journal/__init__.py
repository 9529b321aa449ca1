"""Append-only framed files, fsynced before they answer: the floor under the logs and the ledger."""

from queqiao.ports.journal.base import Frame
from queqiao.ports.journal.copy import copy_journal
from queqiao.ports.journal.disk import Disk
from queqiao.ports.journal.landmarks import Landmarks
from queqiao.ports.journal.reader import JournalReader
from queqiao.ports.journal.writer import Journal

__all__ = ["Disk", "Frame", "Journal", "JournalReader", "Landmarks", "copy_journal"]
