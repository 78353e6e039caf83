"""What a drop tells from one reading to the next: at rest, withdrawn, gone, tidied away, renamed."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import BinaryIO

import pytest

from archive.errors import SourceFailed
from ingest.connectors.drop.connector import DropOptions
from ingest.connectors.drop.local import LocalTree
from ingest.connectors.drop.tree import Leaf
from ingest.types import ArrivalStatus
from tests.intake.stands.packages import bag, zipped
from tests.unit.connectors.drop_bench import AT_ONCE, SETTLING, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "drop").mkdir()
    return Bench(tmp_path / "drop")


@pytest.fixture
def patient(tmp_path: Path) -> Bench:
    (tmp_path / "drop").mkdir()
    return Bench(tmp_path / "drop", SETTLING)


def listed(*rows: Mapping[str, object], **values: object) -> str:
    return json.dumps({"files": list(rows), **values})


def test_a_file_is_taken_when_two_looks_far_enough_apart_see_the_same(patient: Bench) -> None:
    patient.put("a", "1")
    assert patient.read() == {}
    patient.pass_seconds(20)
    patient.put("a", "12")
    assert patient.read() == {}
    patient.pass_seconds(20)
    assert patient.read() == {}
    patient.pass_seconds(20)
    assert patient.read() == {"a": "captured"}
    assert patient.read() == {}
    assert patient.position["looks"] == {}


def test_a_short_while_is_waited_for_within_the_reading(bench: Bench) -> None:
    bench.options = DropOptions(settle=timedelta(seconds=2))
    bench.put("a")
    bench.put("batch.manifest", listed({"path": "a", "title": "公告"}, {"path": "b"}))

    assert bench.read() == {"a": "captured", "b": "manifest-file-missing"}


@pytest.mark.parametrize("ending", [".complete", ".done", ".ok"])
def test_a_marker_calls_a_file_complete(patient: Bench, ending: str) -> None:
    patient.put("a")
    patient.put("b")
    patient.put(f"a{ending}", b"")

    assert patient.read() == {"a": "captured"}


def test_a_list_calls_a_file_complete_once_it_has_come_to_rest_itself(patient: Bench) -> None:
    patient.put("m.manifest", listed({"path": "a", "size": 1, "sha256": sha256(b"1").hexdigest()}))
    assert patient.read() == {}
    patient.pass_seconds(30)
    patient.put("a", "1")

    assert patient.read() == {"a": "captured"}


def test_files_wait_for_a_list_that_is_still_being_written(patient: Bench) -> None:
    patient.put("a")
    patient.read()
    patient.pass_seconds(30)
    path = patient.put("m.manifest", '{"files": [')
    assert patient.read() == {}
    patient.pass_seconds(30)
    path.write_text(listed({"path": "a", "sha256": "0" * 64}))
    assert patient.read() == {}
    patient.pass_seconds(30)
    assert patient.read() == {"a": "manifest-digest-differs"}


def test_what_a_list_announces_is_compared_and_one_bad_file_harms_no_other(bench: Bench) -> None:
    bench.put("a", "1")
    bench.put("b", "2")
    bench.put("sub/c", "3")
    rows: list[dict[str, object]] = [
        {"path": "a", "md5": md5(b"1", usedforsecurity=False).hexdigest(), "title": "甲"},
        {"path": "b", "md5": "0" * 32},
        {"path": "sub/c", "size": 2},
        {"path": "sub/d"},
    ]
    bench.put("manifest.json", listed(*rows))

    assert bench.read() == {
        "a": "captured",
        "b": "manifest-digest-differs",
        "sub/c": "manifest-size-differs",
        "sub/d": "manifest-file-missing",
    }


def test_a_folder_with_a_manifest_is_one_document(bench: Bench) -> None:
    bench.put("p/公告.txt", "1")
    bench.put("p/附件/1.txt", "2")
    bench.put("p/manifest.json", listed({"path": "公告.txt"}, {"path": "附件/1.txt"}, title="公告"))

    assert bench.read() == {"p": "captured"}
    assert list(bench.taken["p"]) == ["公告.txt", "附件/1.txt", "manifest.json"]
    (bench.root / "p").rename(bench.root / "q")
    assert bench.read() == {"p": "unchanged"}
    assert bench.read() == {}


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd"])
def test_a_list_that_points_outside_is_refused_and_harms_nothing(bench: Bench, path: str) -> None:
    bench.put("m.manifest", listed({"path": path}))
    bench.put("a")

    assert bench.read() == {"a": "captured", "m.manifest": "manifest-path-unsafe"}


def test_a_huge_list_is_refused_without_being_read(bench: Bench) -> None:
    with bench.put("m.manifest").open("wb") as file:
        file.truncate(20 << 20)

    assert bench.read() == {"m.manifest": "manifest-too-large"}


def test_a_marker_takes_a_document_back_and_another_gives_it_again(bench: Bench) -> None:
    bench.put("a")
    bench.read()
    marker = bench.put("a.withdrawn", b"")

    assert bench.read() == {"a": "withdrawn-at-source"}
    marker.unlink()
    assert bench.read() == {"a": "unchanged"}


def test_a_list_takes_documents_back(bench: Bench) -> None:
    bench.put("a")
    bench.put("b")
    bench.read()
    bench.put("m.manifest", listed({"path": "a", "withdrawn": True}, {"path": "b", "withdrawn": True}))
    (bench.root / "b").unlink()

    assert bench.read() == {"a": "withdrawn-at-source", "b": "withdrawn-at-source"}


@pytest.mark.parametrize(
    ("vanished", "said"),
    [("flag", {"a": "gone-at-source"}), ("withdraw", {"a": "withdrawn-at-source"}), ("tidied", {})],
)
def test_a_file_that_is_no_longer_there_means_what_the_source_says(
    bench: Bench, vanished: str, said: dict[str, str]
) -> None:
    bench.options = replace(AT_ONCE, vanished=vanished)
    bench.put("a").unlink()
    bench.put("a").touch()
    bench.put("other", "2")
    bench.read()
    (bench.root / "a").unlink()

    assert bench.read() == said


@pytest.mark.parametrize("vanished", ["flag", "withdraw"])
def test_that_nothing_is_left_is_believed_only_where_the_source_says_so(bench: Bench, vanished: str) -> None:
    bench.options = replace(AT_ONCE, vanished=vanished)
    for name in "ab":
        bench.put(name, name)
    bench.read()
    for name in "ab":
        (bench.root / name).unlink()

    with pytest.raises(SourceFailed, match="drop-all-gone"):
        bench.read()
    assert {seen.status for seen in bench.seen.values()} == {ArrivalStatus.CAPTURED}
    bench.options = replace(bench.options, may_empty=True)
    assert set(bench.read()) == {"a", "b"}


def test_another_medium_in_its_place_takes_nothing_away_and_is_read(bench: Bench) -> None:
    bench.put("a", "eins")
    bench.read()
    (bench.root / "a").unlink()
    bench.put("b", "zwei")

    with pytest.raises(SourceFailed):
        bench.read()
    assert {name: seen.status for name, seen in bench.seen.items()} == {
        "a": ArrivalStatus.CAPTURED,
        "b": ArrivalStatus.CAPTURED,
    }


def test_a_folder_renamed_as_a_whole_is_not_taken_for_an_empty_one(bench: Bench) -> None:
    bench.put("p/a", "eins")
    bench.put("p/b", "zwei")
    bench.read()
    (bench.root / "p").rename(bench.root / "q")

    assert bench.read() == {"p/a": "unchanged", "p/b": "unchanged"}


def test_an_id_that_is_made_up_is_that_of_no_other_document(bench: Bench) -> None:
    bench.put("a", "eins")
    bench.put("a;2", "zwei")
    bench.read()
    (bench.root / "a").rename(bench.root / "b")
    bench.read()
    bench.put("a", "drei")

    assert bench.read() == {"a//2": "captured"}
    assert bench.taken["a;2"] == {"a;2": b"zwei"}


def test_a_look_taken_by_a_clock_that_was_ahead_of_its_time_holds_nothing_up(patient: Bench) -> None:
    patient.put("a")
    patient.pass_seconds(10_000_000)
    patient.read()
    patient.pass_seconds(-10_000_000)
    patient.read()
    patient.pass_seconds(30)
    assert patient.read() == {"a": "captured"}


@pytest.mark.parametrize("rows", [[{"path": "公告.txt"}], []])
def test_a_package_that_says_it_was_withdrawn_is_a_withdrawal(bench: Bench, rows: list[dict[str, object]]) -> None:
    text = bench.put("p/公告.txt", "1")
    bench.put("p/manifest.json", listed({"path": "公告.txt"}))
    bench.put("other")
    bench.read()
    if not rows:
        text.unlink()
    bench.put("p/manifest.json", listed(*rows, withdrawn=True))

    assert bench.read() == {"p": "withdrawn-at-source"}


def test_a_list_that_is_withdrawn_as_a_whole_takes_back_all_it_names(bench: Bench) -> None:
    bench.put("a")
    bench.put("b")
    bench.read()
    bench.put("m.manifest", listed({"path": "a"}, {"path": "b"}, withdrawn=True))

    assert bench.read() == {"a": "withdrawn-at-source", "b": "withdrawn-at-source"}


def test_of_two_lists_that_name_one_file_both_must_be_right(bench: Bench) -> None:
    bench.put("a", "1")
    bench.put("manifest.json", listed({"path": "a", "sha256": "0" * 64}))
    bench.put("md5sums.txt", f"{md5(b'1', usedforsecurity=False).hexdigest()}  a\n")

    assert bench.read() == {"a": "manifest-digest-differs"}


def test_where_the_far_end_tidies_the_same_bytes_under_another_name_are_another_document(bench: Bench) -> None:
    bench.options = replace(AT_ONCE, vanished="tidied")
    bench.put("a")
    bench.read()
    (bench.root / "a").rename(bench.root / "b")

    assert bench.read() == {"b": "captured"}


def test_a_renamed_file_stays_the_document_it_was_through_every_further_reading(bench: Bench) -> None:
    bench.put("a", "eins")
    bench.put("other", "zwei")
    bench.read()
    (bench.root / "a").rename(bench.root / "b")
    assert bench.read() == {"a": "renamed"}
    assert bench.read() == {}
    bench.put("b", "drei!")
    assert bench.read() == {"a": "changed"}
    (bench.root / "b").rename(bench.root / "c")
    assert bench.read() == {"a": "renamed"}
    (bench.root / "c").unlink()
    assert bench.read() == {"a": "gone-at-source"}
    bench.put("c", "drei!")
    assert bench.read() == {"a": "unchanged"}


def test_a_rename_survives_a_reading_that_breaks_off(bench: Bench) -> None:
    bench.put("a", "eins")
    bench.put("z", "zwei")
    bench.read()
    before = dict(bench.position)
    (bench.root / "a").rename(bench.root / "b")
    for arrival in bench.connector().arrivals(bench.known):
        if bench.take(arrival) == "renamed":
            break
    bench.position = before
    connector = bench.connector()
    connector._aliases.learn(bench.held())

    said = {arrival.external_id: bench.take(arrival) for arrival in connector.arrivals(bench.known)}

    assert said == {"a": "same", "z": "same"}


def test_a_new_file_where_a_renamed_one_lay_is_another_document(bench: Bench) -> None:
    bench.put("a", "eins")
    bench.read()
    (bench.root / "a").rename(bench.root / "b")
    bench.read()
    bench.put("a", "zwei")

    assert bench.read() == {"a//2": "captured"}
    assert bench.read() == {}
    (bench.root / "b").rename(bench.root / "c")
    assert bench.read() == {"a": "renamed"}
    bench.put("a", "neu!")
    assert bench.read() == {"a//2": "changed"}


def test_renamed_before_it_has_come_to_rest_it_is_still_known_by_its_bytes(patient: Bench) -> None:
    patient.put("a", "eins")
    patient.read()
    patient.pass_seconds(30)
    patient.read()
    (patient.root / "a").rename(patient.root / "b")

    assert patient.read() == {"a": "renamed"}


def test_of_two_new_files_with_the_bytes_of_one_that_is_gone_one_is_new(bench: Bench) -> None:
    bench.put("a")
    bench.read()
    (bench.root / "a").unlink()
    bench.put("b")
    bench.put("c")

    assert bench.read() == {"a": "renamed", "c": "captured"}
    assert bench.read() == {}


def test_the_same_bytes_twice_are_two_documents(bench: Bench) -> None:
    bench.put("a")
    bench.put("b")

    assert bench.read() == {"a": "captured", "b": "captured"}


def test_a_file_overwritten_with_as_many_bytes_and_the_time_of_the_old_one_is_changed(bench: Bench) -> None:
    path = bench.put("a", "1")
    bench.read()
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    time.sleep(0.02)
    path.write_bytes(b"2")
    os.utime(path, ns=times)

    assert bench.read() == {"a": "changed"}


def test_what_is_known_and_unchanged_is_not_read(bench: Bench) -> None:
    class Closed(LocalTree):
        def open(self, leaf: Leaf, offset: int) -> BinaryIO:
            pytest.fail(f"{leaf.path!r} was read at {offset}")

    bench.put("a")
    bench.put("b.zip", zipped(bag({"a": b"1"})))
    bench.read()
    bench.tree = Closed(bench.root)

    assert bench.read() == {}


def test_the_inventory_names_every_document_with_what_a_list_says_of_it(bench: Bench) -> None:
    digest = sha256(b"1").hexdigest()
    bench.put("a")
    bench.put("b", "22")
    bench.put("m.manifest", listed({"path": "a", "sha256": digest}))
    bench.read()
    (bench.root / "b").rename(bench.root / "c")
    bench.read()

    found = {entry.external_id: (entry.stated.size, entry.stated.digest) for entry in bench.connector().inventory()}

    assert found == {"a": (1, f"sha256:{digest}"), "b": (2, "")}
