"""What uploads of both clients have in common."""

from __future__ import annotations

import mimetypes
import os
from dataclasses import dataclass
from typing import BinaryIO

from .errors import Conflict, KinemotionError, NoAnswer, ServerFault

#: Bytes of a part. A part is sent again as a whole when the connection is lost, and held in memory.
PART_BYTES = 4 << 20
#: Parts that may fail one after the other.
MOST_FAILURES = 5


@dataclass
class Progress:
    """How far an upload is, and how often its parts failed since one arrived."""

    offset: int = 0
    failures: int = 0

    def arrived(self, offset: int) -> None:
        """The server has so much now."""
        if offset > self.offset:
            self.failures = 0
        self.offset = offset

    def failed(self, error: KinemotionError) -> None:
        """A part may or may not have arrived: raises the error where asking how much did is of no use."""
        self.failures += 1
        lost = isinstance(error, (NoAnswer, Conflict, ServerFault))
        if not lost or self.failures > MOST_FAILURES:
            raise error


def part(file: BinaryIO, offset: int) -> bytes:
    """The part that begins here."""
    file.seek(offset)
    return file.read(PART_BYTES)


def size(file: BinaryIO) -> int:
    """Bytes of a file."""
    return file.seek(0, os.SEEK_END)


def media_type(name: str) -> str:
    """The media type that a name says, for people: the server looks at the file itself."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
