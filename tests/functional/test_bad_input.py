"""Bad input: every piece of it leaves a stored outcome with a code and a sentence, and everything else goes on.

Nothing is lost: what came lies in the store. Nothing is filed as good: none of it is placed, filed or public.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from archive.authorization import PUBLIC_ACTOR
from archive.clock import FixedClock
from archive.errors import SourceFailed
from archive.jobs.worker import Worker
from archive.messages import catalogue
from archive.records.types import SETTLED, RecordState
from ingest.connectors.folder import FolderConnector
from ingest.connectors.notices import NoticesConnector
from ingest.connectors.port import Arrival, Held, Opened
from ingest.pipeline.runner import reason
from ingest.simulator.faults import LONG_TITLE, lengthen, truncate, understate
from ingest.simulator.port import Manner
from ingest.types import ArrivalStatus, Source, Status, Summary
from ingest.waking import SYNC
from tests.small_archive import ARCHIVIST, START, SmallArchive, code_of, taken_back
from tests.small_portal import LOCALE, Reading, SmallPortal, page
from tests.unit.extractors import documents

TITLE = "济南市第一中学教学设备采购项目公开招标公告"
LINES = (TITLE, "采购内容：教学设备一批。" * 40)
PDF, DOCX, XLSX, OFD = (
    documents.pdf(LINES),
    documents.docx_file(LINES),
    documents.xlsx([(line,) for line in LINES]),
    documents.ofd(LINES),
)
PAGE = f"<html><body><h1>{TITLE}</h1><p>{LINES[1]}</p></body></html>"

# What comes in its own file, with the code that says why it is not filed.
BAD_FILES: Mapping[str, tuple[bytes, str]] = {
    "empty.pdf": (b"", "file-empty"),
    "empty.html": (b"", "file-empty"),
    "empty.txt": (b"", "file-empty"),
    "truncated.pdf": (truncate(PDF), "file-truncated"),
    "truncated.docx": (truncate(DOCX), "file-truncated"),
    "truncated.xlsx": (truncate(XLSX), "file-truncated"),
    "truncated.ofd": (truncate(OFD), "file-truncated"),
    "half-a-character.txt": (TITLE.encode()[:-1], "file-truncated"),
    "half-a-page.html": (PAGE[:30].encode(), "html-unclosed"),
    "half-a-tag.html": (PAGE[:40].encode(), "file-truncated"),
    "lying.docx": (understate(DOCX), "zip-lies"),
    "lying.xlsx": (understate(XLSX), "zip-lies"),
    "lying.ofd": (understate(OFD), "zip-lies"),
    "utf-16-without-a-mark.html": (PAGE.encode("utf-16-le"), "text-undecodable"),
    "utf-16-without-a-mark.txt": (TITLE.encode("utf-16-le"), "extension-mismatch"),
    "no-encoding-at-all.txt": (bytes(range(128, 256)) * 3, "text-undecodable"),
    "a-program.pdf": (b"MZ" + bytes(200), "format-refused"),
    "zeros.txt": (TITLE.encode() + b"\0", "extension-mismatch"),
}
# What only looks bad: it can be read for certain, so it is read and filed.
GOOD_FILES = {
    "good.pdf": PDF,
    "good.docx": DOCX,
    "gb18030-without-a-label.html": PAGE.encode("gb18030"),
    "gb18030-without-a-label.txt": TITLE.encode("gb18030"),
    "utf-16-with-its-mark.html": PAGE.encode("utf-16"),
}

GOOD_ROW = {"id": "good", "title": TITLE, "body": LINES[1], "published": "2026-05-04", "category": "D"}
BAD_ROWS: Mapping[str, tuple[bytes, str]] = {
    "no-json": (b'{"id": "no-json", ', "row-not-json"),
    "no-object": (b'["no-object"]', "row-not-json"),
    "no-id": (json.dumps({"title": TITLE, "body": "正文"}).encode(), "row-without-id"),
    "wrong-type": (json.dumps(GOOD_ROW | {"id": "wrong-type", "body": ["正文"]}).encode(), "row-field-type"),
    "no-content": (json.dumps(GOOD_ROW | {"id": "no-content", "body": ""}).encode(), "row-without-content"),
    "no-encoding": (b'{"id": "no-encoding", "body": "\xff\xff"}', "row-not-utf8"),
    "half-id": (b'{"id": "half-\\ud800", "body": "x"}', "row-without-id"),
    # No database can keep it, so it cannot be told from another.
    "nul-id": (b'{"id": "nul-\\u0000", "body": "x"}', "row-without-id"),
    "too-deep": (b"[" * 100_000, "row-not-json"),
    "too-long-a-number": (b'{"id": ' + b"7" * 5_000 + b"}", "row-not-json"),
}
BAD_DESCRIPTIONS: Mapping[str, tuple[dict[str, object], str]] = {
    "nul": ({"title": f"招标\0{TITLE}"}, "metadata-special-characters"),
    "half-a-character": ({"title": f"\ud800{TITLE}"}, "metadata-special-characters"),
    "control": ({"title": f"\x1b[31m{TITLE}"}, "metadata-special-characters"),
    "two-lines": ({"title": f"招标\n{TITLE}"}, "metadata-malformed"),
    "long-title": ({"title": lengthen(TITLE)}, "metadata-too-long"),
    "no-title": ({"title": " "}, "metadata-empty"),
    "no-date": ({"published": "昨天"}, "metadata-missing"),
    "placeholder-date": ({"published": "0001-01-01T00:00:00"}, "metadata-missing"),
    "i" * 300: ({}, "metadata-too-long"),
}


@dataclass(frozen=True)
class Fed:
    """An archive that was fed something, worked to its end, and what the import said."""

    archive: SmallArchive
    summary: Summary

    def verdict(self, external_id: str) -> tuple[RecordState, str | None, str]:
        """Where a record ended, the code of what stopped it, and the sentence."""
        stopped = [o for o in self.archive.outcomes(external_id).values() if o.status is not Status.DONE]
        state = self.archive.record(external_id).state
        return (state, stopped[0].code, reason(stopped[0])) if stopped else (state, None, "")


def assert_stopped(fed: Fed, external_id: str, expected: str) -> None:
    state, code, sentence = fed.verdict(external_id)
    assert (code, state in {RecordState.WAITING, RecordState.RETURNED}) == (expected, True)
    assert expected in catalogue()
    assert "。" in sentence
    assert fed.archive.record(external_id).reference_code is None


@contextmanager
def fed(home: Path, feed: Callable[[SmallArchive], Summary]) -> Iterator[Fed]:
    with SmallArchive.at(home) as archive, capture_logs():
        summary = feed(archive)
        archive.work()
        yield Fed(archive, summary)


def described(folder: Path, files: Mapping[bytes, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        path.write_bytes(data)
        said = {"title": TITLE, "published": "2026-05-04", "data_no": "551", "project_code": code_of(1)}
        path.with_name(path.name + ".json").write_text(json.dumps(said), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    base = tmp_path_factory.mktemp("files")
    everything = {name: data for name, (data, _) in BAD_FILES.items()} | GOOD_FILES
    folder = described(base / "in", {name.encode(): data for name, data in everything.items()})
    with fed(base / "home", lambda archive: archive.take_from(FolderConnector(folder, LOCALE))) as found:
        yield found


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    base = tmp_path_factory.mktemp("rows")
    path = base / "notices.jsonl"
    lines = [data for data, _ in BAD_ROWS.values()]
    lines += [json.dumps(GOOD_ROW | {"id": name} | said).encode() for name, (said, _) in BAD_DESCRIPTIONS.items()]
    path.write_bytes(b"\n".join([*lines, json.dumps(GOOD_ROW).encode()]))
    with fed(base / "home", lambda archive: archive.take_from(NoticesConnector(path, LOCALE))) as found:
        yield found


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_not_filed_and_says_why(files: Fed, name: str) -> None:
    assert_stopped(files, name, BAD_FILES[name][1])


@pytest.mark.parametrize("name", GOOD_FILES)
def test_a_file_beside_it_is_filed_all_the_same(files: Fed, name: str) -> None:
    assert files.verdict(name) == (RecordState.PLACED, None, "")
    record = files.archive.record(name)
    assert record.class_code == "ZC.02.01"
    (text,) = files.archive.reader().find(ARCHIVIST, record.id).texts.values()
    assert TITLE in text.text


def test_of_all_these_files_none_is_lost_and_none_of_the_bad_ones_is_public(files: Fed) -> None:
    assert files.summary.captured == len(BAD_FILES) + len(GOOD_FILES)
    stored = set(files.archive.kernel.blobs.digests())
    sent = [data for data, _ in BAD_FILES.values()] + list(GOOD_FILES.values())
    assert {sha256(data).hexdigest() for data in sent} <= stored
    assert {record.external_id for record in files.archive.reader().page(PUBLIC_ACTOR)} == set(GOOD_FILES)
    assert files.archive.fsck().findings == ()


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_line_is_refused_and_says_why(rows: Fed, name: str) -> None:
    data, expected = BAD_ROWS[name]
    digest = sha256(data + b"\n").hexdigest()
    seen = [arrival for arrival in rows.archive.review.refused(ARCHIVIST) if arrival.raw_sha256 == digest]
    assert [(arrival.code, arrival.status) for arrival in seen] == [(expected, ArrivalStatus.REFUSED)]
    assert "。" in str(seen[0].message)
    with rows.archive.kernel.blobs.open(digest) as stream:
        assert stream.read() == data + b"\n"


@pytest.mark.parametrize("name", BAD_DESCRIPTIONS, ids=[name[:20].replace("\0", "-") for name in BAD_DESCRIPTIONS])
def test_a_line_that_describes_badly_is_kept_and_not_filed(rows: Fed, name: str) -> None:
    assert_stopped(rows, name, BAD_DESCRIPTIONS[name][1])


def test_of_all_these_lines_every_one_is_accounted_for(rows: Fed) -> None:
    assert rows.summary.received == len(BAD_ROWS) + len(BAD_DESCRIPTIONS) + 1
    assert len(rows.summary.refused) == len(BAD_ROWS)
    assert {refused["code"] for refused in rows.summary.refused} == {code for _, code in BAD_ROWS.values()}
    assert all(refused["id"].encode() and "。" in refused["message"] for refused in rows.summary.refused)
    settled = {name for name, state in rows.archive.states().items() if state in SETTLED}
    assert settled == {"good"}
    assert rows.archive.fsck().findings == ()


def test_a_ten_thousand_character_title_is_kept_whole(rows: Fed) -> None:
    record = rows.archive.record("long-title")
    assert (len(record.title), record.state) == (LONG_TITLE, RecordState.RETURNED)
    assert rows.archive.outcomes("long-title")["check"].params["length"] == LONG_TITLE


def test_names_that_are_not_utf8_are_kept_byte_for_byte(tmp_path: Path) -> None:
    gb18030, neither = "招标公告.pdf".encode("gb18030"), b"\xff\xfe\xff.pdf"
    folder = described(tmp_path / "in", {gb18030: PDF, neither: PDF, "招标公告.pdf".encode(): PDF})
    with fed(tmp_path / "home", lambda archive: archive.take_from(FolderConnector(folder, LOCALE))) as found:
        verdicts = {}
        for external_id, record in found.archive.records().items():
            main = found.archive.reader().find(ARCHIVIST, record.id).components[0]
            verdicts[main.name_bytes or main.name.encode()] = found.verdict(external_id)[:2]
        assert verdicts == {
            "招标公告.pdf".encode(): (RecordState.PLACED, None),
            gb18030: (RecordState.RETURNED, "metadata-special-characters"),
            neither: (RecordState.WAITING, "name-not-utf8"),
        }


def opener(portal: SmallPortal) -> Callable[..., AbstractContextManager[Opened]]:
    @contextmanager
    def open_portal(source: Source, held: Held) -> Iterator[Opened]:
        del source
        yield Opened(Reading(portal, FixedClock(START), lambda: list(held.captured())), {}, more=False)

    return open_portal


def good_page(infoid: str, **values: object) -> dict[str, object]:
    return page(infoid, TITLE, data_no="551", project_code=code_of(1), **values)


def test_a_source_that_is_down_is_remembered_and_holds_nobody_up(tmp_path: Path) -> None:
    with SmallArchive.at(tmp_path / "home") as archive, capture_logs():
        portals = {"down": SmallPortal(good_page("d1")), "up": SmallPortal(good_page("u1"))}
        portals["down"].manners[None] = Manner(status=503)
        archive.ingest.sources.request([(name, "portal", f"http://{name}") for name in portals])

        def sync(name: str) -> None:
            archive.ingest.intake.sync(name, opener(portals[name]))

        worker = Worker("w", archive.kernel.jobs, {SYNC: sync}, 60.0)
        assert worker.run_one()
        assert worker.run_one()
        sources = {source.name: source for source in archive.ingest.sources.all()}
        assert sources["down"].failure_code == "source-unreachable"
        assert "。" in str(sources["down"].failure_message)
        assert (sources["up"].failure_code, set(archive.states())) == (None, {"u1"})
        # It is asked again later, and in the end waits for somebody to look.
        for _ in range(archive.settings.jobs.attempts):
            archive.clock.advance(timedelta(hours=1))
            worker.run_one()
        assert [(failed.key, failed.code) for failed in archive.kernel.jobs.failed()] == [
            ("down", "source-unreachable")
        ]
        portals["down"].manners.clear()
        summary, _ = archive.ingest.intake.sync("down", opener(portals["down"]))
        assert summary.captured == 1
        assert archive.ingest.sources.get("down").failure_code is None


def test_what_was_taken_before_the_source_broke_off_stays(tmp_path: Path) -> None:
    with SmallArchive.at(tmp_path / "home") as archive, capture_logs():
        portal = SmallPortal(*(good_page(f"n{number}") for number in range(6)))
        portal.manners = {f"n{number}": Manner(status=502) for number in range(2, 6)}
        archive.ingest.sources.register("portal-2", "portal", "http://portal-2")
        with pytest.raises(SourceFailed):
            archive.ingest.intake.sync("portal-2", opener(portal))
        assert set(archive.states()) == {"n0", "n1"}
        refused = archive.arrival("n2", "portal-2")
        assert refused is not None
        assert (refused.status, refused.code) == (ArrivalStatus.REFUSED, "source-unreachable")
        portal.manners.clear()
        summary, _ = archive.ingest.intake.sync("portal-2", opener(portal))
        assert (summary.captured, summary.unchanged, summary.refused) == (4, 2, [])


BAD_ANSWERS = {
    "half an answer": (Manner(cut=True), "source-unreachable"),
    "an error": (Manner(status=500), "source-unreachable"),
    "no entry": (Manner(status=403), "source-unreachable"),
    "another encoding": (Manner(encoding="utf-16"), "source-answer-malformed"),
}


@pytest.mark.parametrize(("manner", "expected"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_bad_answer_is_remembered_and_the_rest_goes_on(tmp_path: Path, manner: Manner, expected: str) -> None:
    portal = SmallPortal(good_page("n1"), good_page("bad"), good_page("n2"))
    portal.manners["bad"] = manner
    with SmallArchive.at(tmp_path / "home") as archive, capture_logs():
        summary = archive.take_from(Reading(portal, archive.clock))
        archive.work()
        assert (summary.captured, [refused["code"] for refused in summary.refused]) == (2, [expected])
        assert archive.states() == {"n1": RecordState.PLACED, "n2": RecordState.PLACED}
        assert archive.take(taken_back("bad")).withdrawn == 1


def test_an_attachment_that_does_not_come_whole_keeps_its_document_out(tmp_path: Path) -> None:
    attached = [{"name": "招标文件.pdf", "url": "/files/bad/a.pdf", "size": len(PDF)}]
    short = [{"name": "招标文件.pdf", "url": "/files/short/a.pdf", "size": len(PDF)}]
    portal = SmallPortal(good_page("bad", attachments=attached), good_page("short", attachments=short), good_page("n1"))
    portal.files["short", "a.pdf"] = truncate(PDF)
    with fed(tmp_path / "home", lambda archive: archive.take_from(Reading(portal, archive.clock))) as found:
        assert [refused["code"] for refused in found.summary.refused] == ["attachment-unreachable"]
        assert found.verdict("short")[:2] == (RecordState.RETURNED, "size-differs")
        assert found.verdict("n1")[0] is RecordState.PLACED
        portal.files["bad", "a.pdf"] = PDF
        assert found.archive.take_from(Reading(portal, found.archive.clock)).captured == 1


def test_a_folder_is_read_even_where_one_file_disappears_meanwhile(tmp_path: Path) -> None:
    folder = described(tmp_path / "in", {b"a.pdf": PDF, b"b.pdf": PDF})

    class Vanishing(FolderConnector):
        def _arrival(self, path: Path, root: Path) -> Arrival:
            arrival = super()._arrival(path, root)
            if path.name == "a.pdf":
                path.unlink()
            return arrival

    with fed(tmp_path / "home", lambda archive: archive.take_from(Vanishing(folder, LOCALE))) as found:
        assert [(r["id"], r["code"]) for r in found.summary.refused] == [("a.pdf", "file-unreadable-source")]
        assert found.verdict("b.pdf")[0] is RecordState.PLACED
