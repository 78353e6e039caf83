"""Texts as sources give them: made safe to store and to digest, never silently made something else."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def is_well_formed(text: str) -> bool:
    """Whether `text` can be written as UTF-8. JSON can name half a character, U+D800 alone, which cannot."""
    return _SURROGATE.search(text) is None


def well_formed(text: str) -> str:
    """`text` with U+FFFD for every half of a character, which the checks report as standing for nothing."""
    return _SURROGATE.sub("\ufffd", text)


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
