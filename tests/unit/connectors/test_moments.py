"""Points in time as sources write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.connectors.moments import read_moment

CHINA = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 5, 4, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-04 09:05:00",
        "2026-05-04T09:05",
        "2026/5/4 9:05",
        "2026年5月4日 9时05分",
        "2026年05月04日09:05:00",
        " 2026-05-04 09:05:00.0 ",
        "2026-05-04T01:05:00Z",
        "2026-05-04T09:05:00+08:00",
        "20260504 0905",
    ],
)
def test_one_moment_written_in_many_ways(text: str) -> None:
    assert read_moment(text, CHINA) == MORNING


@pytest.mark.parametrize("text", ["2026-05-04", "2026/5/4", "2026年5月4日", "20260504", "2026.05.04"])
def test_a_day_begins_at_midnight_in_the_zone_of_the_source(text: str) -> None:
    assert read_moment(text, CHINA) == datetime(2026, 5, 3, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "昨天",
        "2026-13-01",
        "2026-02-30",
        "2026-05-04 25:00",
        "0001-01-01",
        "0001-01-01T00:00:00",
        "1899-12-31",
        "9999-12-31 23:59:59",
        "9999-12-31T23:59:59-12:00",
        "99999-01-01",
        "2026",
    ],
)
def test_what_names_no_moment_is_none(text: str) -> None:
    assert read_moment(text, CHINA) is None


@given(st.text(max_size=30) | st.datetimes().map(str) | st.dates().map(str))
def test_whatever_a_source_writes_is_a_moment_or_none(text: str) -> None:
    moment = read_moment(text, CHINA)
    # What is found can be stored: it has its zone, and there is such a moment in UTC.
    assert moment is None or 1899 <= moment.astimezone(UTC).year < 9999
