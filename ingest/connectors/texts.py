"""Texts as sources give them: made safe to store and to digest, never silently made something else."""

import json
import re
from collections.abc import Mapping

from archive.errors import InvalidInput

# No database keeps U+0000 in a text, and half a character has no encoding.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_well_formed(text: str) -> bool:
    """Whether `text` can be stored. JSON can name half a character, U+D800 alone, and U+0000: neither can be kept."""
    return _UNSTORABLE.search(text) is None


def well_formed(text: str) -> str:
    """`text` with U+FFFD for whatever cannot be stored, which the checks report as standing for nothing."""
    return _UNSTORABLE.sub("\ufffd", text)


def scalar(value: object) -> str | None:
    """A single value of a source as text: "" for nothing, None where it is no text and no number."""
    if value is None:
        return ""
    if isinstance(value, str):
        return well_formed(value)
    return str(value) if isinstance(value, int | float) else None


def hint(value: object) -> str | list[str] | None:
    """A value as hints carry it, text or a list of texts; None for anything else."""
    if isinstance(value, list):
        return [well_formed(part) for part in value] if all(isinstance(part, str) for part in value) else None
    return scalar(value)


def json_object(data: bytes) -> Mapping[str, object]:
    """What a file beside a document says of it.

    Raises:
        InvalidInput: it is no JSON object (`row-not-json`).
    """
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("row-not-json", line=1, detail=str(error)) from error
    if not isinstance(said, dict):
        raise InvalidInput("row-not-json", line=1, detail=type(said).__name__)
    return said
