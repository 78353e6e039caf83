"""Points in time as sources write them: four ways to write a date, hardly ever a zone."""

import re
from datetime import MAXYEAR, datetime, tzinfo

_WRITTEN = re.compile(
    r"\s*(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T]*(\d{1,2})[:时]?(\d{2})[:分]?(\d{2})?秒?(?:\.\d+)?)?\s*"
)

_FIRST_YEAR = 1900


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment that `text` names, read in `zone` where it has none of its own; None where it names none.

    What lies before 1900 or beyond the calendar once taken to UTC (`0001-01-01`, `9999-12-31`) names none either:
    programs write it where they know no date.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        found = _read_loosely(text, zone)
    else:
        found = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return found if found is not None and _FIRST_YEAR <= found.year < MAXYEAR else None


def _read_loosely(text: str, zone: tzinfo) -> datetime | None:
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
