"""What is known of a file's format after looking at its bytes."""

from dataclasses import dataclass
from enum import StrEnum

EXTENSION_MISMATCH = "extension-mismatch"


class Certainty(StrEnum):
    """What the answer rests on, from the firmest to nothing.

    `content`: a signature in the bytes. `container`: parts inside a ZIP or OLE container that only this format has.
    `text`: readable text without a signature. `extension`: readable text, and only the name tells which. `none`: the
    format is not known.
    """

    CONTENT = "content"
    CONTAINER = "container"
    TEXT = "text"
    EXTENSION = "extension"
    NONE = "none"


@dataclass(frozen=True)
class Identified:
    """The format of a file, told by its content.

    `puid` is the identifier in the PRONOM registry, None where none can be told. `mime` is never empty: bytes nobody
    knows are `application/octet-stream`, no bytes at all `application/x-empty`. `basis` says what was seen. `warning`
    is a code of the message catalogue, such as `extension-mismatch` where the name claims another format.
    """

    puid: str | None
    mime: str
    label: str
    basis: str
    warning: str | None
    certainty: Certainty = Certainty.NONE


UNIDENTIFIED = Identified(None, "application/octet-stream", "Unknown", "not read", None)
"""What nobody has looked into."""
