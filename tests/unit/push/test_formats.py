from datetime import UTC, datetime, timedelta, timezone

import pytest

from ingest.push.formats import judge_format, read_format, read_stamp
from ingest.push.types import Field

CHINA = timezone(timedelta(hours=8))


def said(written: str, value: str) -> tuple[str, bool] | None:
    found = judge_format(Field("F", "F", 1, "名", read_format(written), required=True, public=True), value, CHINA)
    return None if found is None else (found.constraint, found.refuses)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("C3", "甲乙丙"),
        ("C..3", "甲"),
        ("C..ul", "x" * 100_000),
        ("C.ul", "x"),
        ("N..20,6", "12345678901234.123456"),
        ("N..20,6", "-1.5"),
        ("N22,6", "0000001.5000000"),
        ("N5", "12345"),
        ("N..2", "7"),
        ("yyyyMMddHHmmss", "20260228093000"),
        ("yyyyMMdd", "20260520"),
        ("YYYYMMDDhh", "2026052009"),
        ("YYYYMMDDhhmm", "202605200930"),
        ("", "anything"),
    ],
)
def test_what_keeps_to_its_format_is_not_remarked_on(written: str, value: str) -> None:
    assert said(written, value) is None


@pytest.mark.parametrize(
    ("written", "value", "constraint"),
    [
        ("C3", "甲乙", "length"),
        ("C3", "甲乙丙丁", "length"),
        ("C..3", "甲乙丙丁", "length"),
        ("N..20,6", "1.1234567", "number"),
        ("N..20,6", "123456789012345", "number"),
        ("N..20,6", "1e5", "number"),
        ("N5", "123456", "number"),
        ("N5", "1.5", "number"),
        ("yyyyMMddHHmmss", "20260230093000", "date"),
        ("yyyyMMdd", "00010101", "date"),
        ("yyyyMMdd", "soon", "date"),
        ("yyyyMMdd", "２０２６０５２０", "date"),
    ],
)
def test_what_breaks_its_format_is_refused(written: str, value: str, constraint: str) -> None:
    assert said(written, value) == (constraint, True)


@pytest.mark.parametrize(
    ("written", "value", "constraint"),
    [
        ("N3", "20", "number"),
        ("yyyyMMddHHmmss", "20260520", "date"),
        ("yyyyMMdd", "2026年5月20日", "date"),
        ("YYYYMMDDhh", "20260520093000", "date"),
    ],
)
def test_what_can_be_read_though_written_otherwise_is_remarked_on(written: str, value: str, constraint: str) -> None:
    assert said(written, value) == (constraint, False)


def test_a_moment_to_the_hour_is_not_taken_for_another_day() -> None:
    assert read_stamp("2026121110", CHINA) == datetime(2026, 12, 11, 2, tzinfo=UTC)


def test_a_format_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="no format"):
        read_format("X9")
