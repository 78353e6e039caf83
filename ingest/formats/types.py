"""What is known of a file's format after looking at its bytes."""

from dataclasses import dataclass

EXTENSION_MISMATCH = "extension-mismatch"


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
