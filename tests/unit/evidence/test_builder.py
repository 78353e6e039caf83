import json
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from archive.authorization import Actor
from archive.errors import ArchiveError, Damaged, InvalidInput, NotFound, Unavailable
from archive.evidence import builder, documents
from archive.evidence.builder import BundleContents, BundleFile
from archive.evidence.documents import Malformed, parse_manifest
from archive.evidence.strict import Limits
from archive.evidence.verifier import verify
from archive.ledger.canonical import dump
from archive.ledger.integrator import Integrator
from archive.ledger.types import EventType
from tests.tamper.bench import ORIGIN, PAYLOAD, RECORD, Bench, bundle_file

ACTOR = Actor("acc_1", "档案员")
PATH = "files/cmp_1.html"


def files() -> list[BundleFile]:
    return [bundle_file(path, data) for path, data in PAYLOAD.items()]


def size(bench: Bench) -> int:
    with bench.database.reading() as connection:
        return bench.ledger.size(connection)


def test_the_bundle_holds_what_was_put_in_and_verifies(bench: Bench) -> None:
    built = bench.builder.build(bench.contents(files()), ACTOR, bench.path("out.jzb.zip"))
    assert verify(built.path, bench.trust).findings == ()
    assert built.size == built.path.stat().st_size
    bench.clean = built.path
    members = bench.members()
    assert {name: members[name] for name in PAYLOAD} == PAYLOAD
    manifest = parse_manifest(members[documents.MANIFEST])
    assert list(members) == manifest.names()
    assert (manifest.origin, manifest.subject_kind, manifest.subject_id) == (ORIGIN, "record", RECORD)
    assert [entry.index for entry in manifest.entries] == list(bench.entries)
    listed = {file.path: file for file in manifest.files}[PATH]
    assert (listed.record, listed.component, listed.original_name) == (RECORD, "cmp_1", "中标结果公告 (1).bin")
    assert json.loads(members["metadata/records.json"])[0]["title"] == "中标结果公告"


def test_the_ledger_vouches_for_it_under_the_actors_name(bench: Bench) -> None:
    built = bench.builder.build(bench.contents(files()), ACTOR, bench.path())
    with bench.database.reading() as connection:
        entry = bench.ledger.entries_at(connection, [built.entry])[0]
    assert (entry.event.type, entry.event.actor, entry.event.subject_id) == (EventType.EVIDENCE_BUILT, "acc_1", RECORD)
    assert built.checkpoint.size == built.entry + 1


def test_two_bundles_of_the_same_are_both_valid_and_the_later_replaces(bench: Bench) -> None:
    before = bench.clean.read_bytes()
    bench.builder.build(bench.contents(files()), ACTOR, bench.clean)
    assert bench.clean.read_bytes() != before
    assert verify(bench.clean, bench.trust).valid


def test_a_bundle_without_files_verifies_too(bench: Bench) -> None:
    contents = BundleContents("project", "prj_1", [], {}, [])
    assert verify(bench.builder.build(contents, ACTOR, bench.path()).path, bench.trust).valid


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"sm3": "0" * 64},
        {"size": 3},
        {"size": 10**6},
    ],
)
def test_changed_bytes_leave_neither_file_nor_entry(bench: Bench, change: dict[str, object]) -> None:
    before = size(bench)
    first, *rest = files()
    with pytest.raises(Damaged, match="evidence-payload-changed"):
        bench.builder.build(bench.contents([replace(first, **change), *rest]), ACTOR, bench.path())  # type: ignore[arg-type] # one field at a time
    assert size(bench) == before
    assert sorted(path.name for path in bench.folder.glob("*.jzb.zip*")) == ["clean.jzb.zip"]
    assert not list(bench.folder.glob(".*"))


def test_a_file_that_was_there_stays_when_building_fails(bench: Bench) -> None:
    before = bench.clean.read_bytes()
    with pytest.raises(Damaged):
        bench.builder.build(bench.contents([replace(files()[0], sha256="0" * 64)]), ACTOR, bench.clean)
    assert bench.clean.read_bytes() == before


CHANGES: list[tuple[Callable[[BundleContents], BundleContents], type[ArchiveError], str]] = [
    (lambda c: replace(c, files=[replace(c.files[0], path="files/../x")]), InvalidInput, "evidence-path"),
    (lambda c: replace(c, files=[replace(c.files[0], path="proof/x")]), InvalidInput, "evidence-path"),
    (lambda c: replace(c, files=[replace(c.files[0], path="files/公告")]), InvalidInput, "evidence-path"),
    (lambda c: replace(c, files=[c.files[0], c.files[0]]), InvalidInput, "evidence-path"),
    (lambda c: replace(c, metadata={"files/x.json": 1}), InvalidInput, "evidence-path"),
    (lambda c: replace(c, metadata={"metadata/x.json": 0.5}), InvalidInput, "evidence-unwritable"),  # type: ignore[dict-item] # the point
    (lambda c: replace(c, files=[replace(c.files[0], original_name="\udcff")]), InvalidInput, "evidence-unwritable"),
    (lambda c: replace(c, entries=[99]), NotFound, "ledger-entry-unknown"),
]


@pytest.mark.parametrize(("change", "error", "code"), CHANGES)
def test_what_cannot_be_bundled_is_refused_before_anything_is_written(
    bench: Bench, change: Callable[[BundleContents], BundleContents], error: type[ArchiveError], code: str
) -> None:
    before = size(bench)
    with pytest.raises(error, match=code):
        bench.builder.build(change(bench.contents(files())), ACTOR, bench.path())
    assert size(bench) == before
    assert not bench.path().exists()


def test_too_much_for_one_bundle_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "Limits", lambda: Limits(entries=5))
    with pytest.raises(InvalidInput, match="evidence-too-large"):
        bench.builder.build(bench.contents(files()), ACTOR, bench.path())


def test_a_folder_that_is_not_there_is_named(bench: Bench) -> None:
    with pytest.raises(Unavailable, match="evidence-not-written"):
        bench.builder.build(bench.contents(files()), ACTOR, bench.folder / "missing" / "out.jzb.zip")


def test_a_stop_before_the_end_leaves_no_file_under_the_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(integrator: Integrator) -> None:
        raise KeyboardInterrupt(integrator)

    monkeypatch.setattr(Integrator, "publish", stop)
    with pytest.raises(KeyboardInterrupt):
        bench.builder.build(bench.contents(files()), ACTOR, bench.path())
    assert not bench.path().exists()
    assert not list(bench.folder.glob(f".*{os.getpid()}*"))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"format_version": 2},
        {"format_version": True},
        {"origin": 1},
        {"subject": {"id": "rec_1"}},
        {"files": {}},
        {"files": []},
        {"entries": [{"index": -1, "leaf": "00" * 32}]},
        {"entries": [{"index": 1, "leaf": "00" * 31}]},
        {"entries": [{"index": 1, "leaf": "00" * 32}] * 2},
    ],
)
def test_manifests_of_another_shape_are_refused(bench: Bench, change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        parse_manifest(dump({**bench.manifest(), **change}))  # type: ignore[dict-item] # any value may be wrong


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../x"},
        {"path": documents.CHECKPOINT},
        {"path": documents.README},
        {"path": 1},
        {"size": -1},
        {"size": True},
        {"sha256": "A" * 64},
        {"sm3": None},
        {"media_type": None},
        {"original_name": 5},
        {"record": None},
        {"remark": "more"},
    ],
)
def test_listed_files_of_another_shape_are_refused(bench: Bench, change: dict[str, object]) -> None:
    manifest = bench.manifest()
    listed = manifest["files"]
    assert isinstance(listed, list)
    payload = next(file for file in listed if file["path"] == PATH)
    payload.update(change)
    with pytest.raises(Malformed):
        parse_manifest(dump(manifest))
