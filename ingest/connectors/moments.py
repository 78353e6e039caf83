"""Points in time as sources write them: four ways to write a date, hardly ever a zone."""

import re
from datetime import datetime, tzinfo

_WRITTEN = re.compile(
    r"\s*(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T]*(\d{1,2})[:时]?(\d{2})[:分]?(\d{2})?秒?(?:\.\d+)?)?\s*"
)


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment that `text` names, read in `zone` where it has none of its own; None where it names none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return _read_loosely(text, zone)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _read_loosely(text: str, zone: tzinfo) -> datetime | None:
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
