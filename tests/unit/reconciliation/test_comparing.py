"""Both lists side by side: what is found, what is counted, and what is never concluded."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidInput
from ingest.connectors.port import Listed, Stated
from ingest.reconciliation import comparison, spool
from ingest.reconciliation.comparison import Comparison, Ours
from ingest.reconciliation.lists import read_listing
from ingest.reconciliation.spool import Spool
from ingest.reconciliation.types import Found, Kind, Side
from ingest.types import ArrivalStatus

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = date(2026, 5, 4)


def theirs(name: str, digest: str = "", size: int | None = None, data_set: str = "", day: date | None = DAY) -> Listed:
    return Listed(name, Stated(data_set, day, None, size, digest))


def ours(
    name: str,
    digest: str = "",
    size: int | None = None,
    data_set: str = "",
    day: date | None = DAY,
    status: ArrivalStatus = ArrivalStatus.CAPTURED,
    seen: datetime = NOW - timedelta(days=1),
) -> Ours:
    return Ours(name, status, seen, Side(data_set, day, size, digest))


def compared(listed: list[Listed], held: list[Ours]) -> tuple[Comparison, list[Found]]:
    made = Comparison(NOW)
    return made, list(made.differences(iter(listed), iter(held)))


@pytest.mark.parametrize(
    ("listed", "held", "kind"),
    [
        (theirs("a", "sha256:1"), ours("a", "sha256:1"), None),
        (theirs("a", "sha256:1"), ours("a", "sha256:2"), Kind.CHANGED),
        (theirs("a", "sha256:1"), ours("a", "mark:2"), None),
        (theirs("a", size=1), ours("a", size=2), Kind.CHANGED),
        (theirs("a", "sha256:1", 1), ours("a", "sha256:1", 2), Kind.CHANGED),
        (theirs("a", size=None), ours("a", size=2), None),
        (theirs("a", data_set="503"), ours("a", data_set="551"), Kind.MOVED),
        (theirs("a", data_set="503"), ours("a"), None),
        (theirs("a", day=date(2026, 5, 5)), ours("a"), Kind.MOVED),
        (theirs("a", day=None), ours("a"), None),
        (theirs("a", "x:1", day=date(2026, 5, 5)), ours("a", "x:2"), Kind.CHANGED),
    ],
)
def test_a_document_that_both_have_differs_only_in_what_both_say(listed: Listed, held: Ours, kind: Kind | None) -> None:
    made, found = compared([listed], [held])
    assert [difference.kind for difference in found] == ([] if kind is None else [kind])
    assert (made.counts.listed, made.counts.held) == (1, 1)


@pytest.mark.parametrize(
    ("listed", "held", "counted"),
    [
        (theirs("a", "sha256:1"), ours("a", "sha256:1", 5), "same"),
        (theirs("a", "mark:1", 5), ours("a", "sha256:1", 5), "sized"),
        (theirs("a", "mark:1"), ours("a", "sha256:1", 5), "uncompared"),
        (theirs("a"), ours("a"), "uncompared"),
        (theirs("a"), ours("a", status=ArrivalStatus.REFUSED), "refused"),
        (theirs("a"), ours("a", status=ArrivalStatus.GONE), "gone"),
        (theirs("a"), ours("a", status=ArrivalStatus.WITHDRAWN), "withdrawn"),
    ],
)
def test_what_was_not_compared_is_never_counted_as_equal(listed: Listed, held: Ours, counted: str) -> None:
    made, found = compared([listed], [held])
    assert found == []
    counts = made.counts.as_json()
    assert [name for name, number in counts.items() if number and name not in {"listed", "held"}] == [counted]


def test_what_only_one_side_has_is_missing_or_extra() -> None:
    made, found = compared([theirs("a"), theirs("c")], [ours("b"), ours("c")])
    assert [(difference.external_id, difference.kind) for difference in found] == [
        ("a", Kind.MISSING),
        ("b", Kind.EXTRA),
    ]
    assert made.counts.differences == 2


def test_what_came_in_after_the_run_began_is_not_extra() -> None:
    assert compared([], [ours("a", seen=NOW)])[1] == []


@pytest.mark.parametrize("status", [ArrivalStatus.REFUSED, ArrivalStatus.GONE, ArrivalStatus.WITHDRAWN])
def test_what_is_not_held_is_not_extra(status: ArrivalStatus) -> None:
    made, found = compared([], [ours("a", status=status)])
    assert (found, made.counts.held) == ([], 0)


def test_what_is_listed_twice_counts_once() -> None:
    made, found = compared([theirs("a"), theirs("a")], [ours("a")])
    assert (found, made.counts.listed, made.counts.repeated) == ([], 1, 1)


def test_what_the_source_does_not_say_is_counted_where_it_counts_here() -> None:
    made, _ = compared([theirs("a", size=3, day=None)], [ours("a", size=3, data_set="551")])
    (bucket,) = made.buckets
    assert (bucket.data_set, bucket.day) == ("551", "2026-05-04")
    assert (bucket.their_count, bucket.their_bytes, bucket.our_count, bucket.our_bytes) == (1, 3, 1, 3)


def test_too_many_days_are_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST_BUCKETS", 3)
    listed = [theirs(f"n{number}", day=DAY + timedelta(days=number)) for number in range(4)]
    with pytest.raises(InvalidInput, match="inventory-buckets"):
        compared(listed, [])


NAMES = st.sets(st.text(alphabet="ab公Ａ\U00020000\uff21", min_size=1, max_size=3), max_size=12)


@given(NAMES, NAMES)
def test_it_finds_exactly_what_a_comparison_of_sets_finds(there: set[str], here: set[str]) -> None:
    _, found = compared([theirs(name) for name in sorted(there)], [ours(name) for name in sorted(here)])
    assert {difference.external_id for difference in found if difference.kind is Kind.MISSING} == there - here
    assert {difference.external_id for difference in found if difference.kind is Kind.EXTRA} == here - there
    assert len(found) == len(there ^ here)


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_a_spool_gives_back_what_it_was_given_in_order(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "_AT_ONCE", at_once)
    given_names = ["z", "公", "a", "Ａ", "m", "\U00020000", "b"]
    listed = [theirs(name, f"sha256:{name}", 7, "551") for name in given_names]
    made = Spool(tmp_path)
    made.fill(iter(listed))
    assert list(made.read()) == sorted(listed, key=lambda one: one.external_id)


@pytest.mark.parametrize(
    "bad",
    [
        theirs(""),
        theirs("a\0"),
        theirs("\ud800"),
        theirs("a" * 1_001),
        theirs("a", "x" * 201),
        theirs("a", data_set="x" * 65),
        theirs("a", size=-1),
        theirs("a", size=1 << 62),
    ],
)
def test_an_entry_that_cannot_be_used_spoils_the_list(bad: Listed, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="inventory-entry"):
        Spool(tmp_path).fill(iter([theirs("a"), bad]))


def test_a_list_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_AT_ONCE", 10)
    monkeypatch.setattr(spool, "MOST_LISTED", 50)

    def endless() -> Iterator[Listed]:
        while True:
            yield theirs("a")

    with pytest.raises(InvalidInput, match="inventory-too-long"):
        Spool(tmp_path).fill(endless())


def test_a_list_is_read_line_by_line() -> None:
    row = {"external_id": "a", "data_no": "503", "day": "2026-05-04", "size": 3, "digest": "sha256:1"}
    lines = "\ufeff" + json.dumps(row) + "\n\n" + json.dumps({"external_id": "b", "size": None}) + "\n"
    assert list(read_listing(BytesIO(lines.encode()))) == [
        theirs("a", "sha256:1", 3, "503"),
        theirs("b", day=None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[1]",
        b'{"external_id": 7}',
        b'{"external_id": "a", "size": "7"}',
        b'{"external_id": "a", "size": true}',
        b'{"external_id": "a", "day": "20260504x"}',
        b'{"external_id": "a", "digset": "sha256:1"}',
        b"\xff\xfe",
        b'{"external_id": "' + b"a" * 20_000 + b'"}',
        b"[" * 10_000,
    ],
)
def test_a_line_that_is_no_entry_spoils_the_list(line: bytes) -> None:
    with pytest.raises(InvalidInput, match="inventory-line"):
        list(read_listing(BytesIO(b'{"external_id": "z"}\n' + line)))
