import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO

import pytest
from PIL import Image

from archive.errors import ArchiveError, InvalidInput, Unavailable
from ingest.checks.authenticity import (
    Consistency,
    ElectronicAttributes,
    FormOfMetadata,
    LengthOfMetadata,
    SpecialCharacters,
)
from ingest.checks.engine import run_checks
from ingest.checks.gate import default_policy, gate
from ingest.checks.integrity import AttachmentsPresent, ContentPresent, ElementsPresent, RequiredValues
from ingest.checks.security import NothingActive, VirusFree
from ingest.checks.types import ATTACHMENT, Check, Checked, Finding
from ingest.checks.usability import AcceptedFormat, NothingLocked, Readable
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.policy import default_format_policy
from ingest.malware.types import Engine, Scan
from ingest.outcomes import Observation, Outcome
from tests.unit.checks.items import NOW, component, item
from tests.unit.extractors import documents

PASS, FAIL = Outcome.PASS, Outcome.FAIL
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isommp41"


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (2, 2)).save(written, "PNG")
    return written.getvalue()


def findings(check: Check, checked: Checked) -> Sequence[Finding]:
    return list(check.run(checked))


def outcomes(check: Check, checked: Checked) -> list[tuple[str | None, Outcome, str | None]]:
    return [(found.component, found.outcome, found.reason_code) for found in findings(check, checked)]


@pytest.mark.parametrize(("length", "reason"), [(500, None), (501, "metadata-too-long"), (10_000, "metadata-too-long")])
def test_a_title_has_a_longest_length(length: int, reason: str | None) -> None:
    found = findings(LengthOfMetadata(500), item(title="长" * length))
    assert [(one.outcome, one.reason_code) for one in found] == [(FAIL if reason else PASS, reason)]
    if reason:
        assert found[0].params == {"element": "题名 title", "length": length, "limit": 500}


def test_names_and_identifiers_have_one_too() -> None:
    long_name = replace(component(documents.pdf()), name="n" * 256)
    assert outcomes(LengthOfMetadata(), item(long_name)) == [(None, FAIL, "metadata-too-long")]
    assert outcomes(LengthOfMetadata(), replace(item(), external_id="x" * 256)) == [(None, FAIL, "metadata-too-long")]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, PASS),
        ({"published": None, "published_text": "昨天"}, FAIL),
        ({"published": datetime(2031, 3, 1)}, FAIL),  # noqa: DTZ001 - the missing zone is the point
        ({"title": "一\n二"}, FAIL),
        ({"fields": {"region": "370100"}}, PASS),
        ({"fields": {"region": "3701"}}, FAIL),
        ({"fields": {"region": ""}}, PASS),
        ({"fields": {"unified_deal_code": "A01-12379900MB1103706M-20310301-000001-*"}}, PASS),
        ({"fields": {"unified_deal_code": "A01-12379900MB1103706M-20310301-000001"}}, FAIL),
    ],
)
def test_metadata_have_their_form(changes: dict[str, object], outcome: Outcome) -> None:
    assert [found.outcome for found in findings(FormOfMetadata(), replace(item(), **changes))] == [outcome]  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("title", ["\0", "甲\x07乙", "\ufffd", chr(0xDC80), "\ufffe", "\U0010ffff", "\x85"])
def test_characters_that_are_no_text_fail(title: str) -> None:
    found = outcomes(SpecialCharacters(), item(title=title))
    assert found[0] == (None, FAIL, "metadata-special-characters")


@pytest.mark.parametrize("title", ["中标公告（第1包）", "𠮷㐀", "\U00031350", "\ue001", "a\tb"])
def test_rare_characters_are_text(title: str) -> None:
    assert outcomes(SpecialCharacters(), item(title=title))[0] == (None, PASS, None)


def test_names_that_cannot_be_decoded_are_named() -> None:
    undecodable = replace(component(documents.pdf()), name="\udcff.pdf", name_bytes=b"\xff\xff.pdf")
    assert outcomes(SpecialCharacters(), item(undecodable))[1] == ("cmp_1", FAIL, "name-not-utf8")
    chinese = replace(component(documents.pdf()), name_bytes="公告.pdf".encode("gb18030"))
    assert outcomes(SpecialCharacters(), item(chinese))[1] == ("cmp_1", PASS, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"announced_size": 5}, "size-differs"),
        ({"announced_sha256": "0" * 64}, "announced-digest-differs"),
        ({}, None),
    ],
)
def test_what_was_announced_must_be_what_came(changes: dict[str, object], reason: str | None) -> None:
    changed = replace(component(documents.pdf()), **changes)  # type: ignore[arg-type]  # fields by name
    assert outcomes(ElectronicAttributes(), item(changed)) == [("cmp_1", FAIL if reason else PASS, reason)]


def test_a_true_announcement_passes_in_either_case() -> None:
    sound = component(documents.pdf())
    told = replace(sound, announced_size=sound.size, announced_sha256=sound.sha256.upper())
    assert outcomes(ElectronicAttributes(), item(told)) == [("cmp_1", PASS, None)]


def test_a_name_of_another_format_fails() -> None:
    named = component(documents.pdf(), "公告.docx")
    assert outcomes(ElectronicAttributes(), item(named)) == [("cmp_1", FAIL, "extension-mismatch")]


def test_stored_bytes_are_read_again() -> None:
    sound = component(documents.pdf())
    assert outcomes(Consistency(), item(sound)) == [("cmp_1", PASS, None)]
    for changed in (
        replace(sound, open=lambda: io.BytesIO(documents.pdf() + b"x")),
        replace(sound, sm3="0" * 64),
        replace(sound, sha256="0" * 64),
    ):
        assert outcomes(Consistency(), item(changed)) == [("cmp_1", FAIL, "digest-differs")]


def test_bytes_that_cannot_be_read_are_not_checked() -> None:
    def gone() -> BinaryIO:
        raise FileNotFoundError

    lost = replace(component(documents.pdf()), open=gone)
    assert outcomes(Consistency(), item(lost)) == [("cmp_1", Outcome.NOT_CHECKED, "file-unreadable")]


def test_a_store_that_is_away_is_no_finding_about_the_file() -> None:
    def away() -> BinaryIO:
        raise Unavailable("blob-store-unavailable", path="store", detail="refused")

    waiting = replace(component(documents.pdf()), open=away)
    with pytest.raises(Unavailable):
        run_checks([Consistency()], item(waiting))


def test_elements_and_values_must_be_there() -> None:
    assert outcomes(ElementsPresent(("region",)), item()) == [(None, FAIL, "metadata-missing")]
    assert outcomes(ElementsPresent(("region",)), replace(item(), fields={"region": ""})) == [(None, PASS, None)]
    assert outcomes(ElementsPresent(), replace(item(), published=None)) == [(None, FAIL, "metadata-missing")]
    assert outcomes(RequiredValues(), item()) == [(None, PASS, None)]
    empty = replace(item(), title=" ", published=None, external_id="")
    found = findings(RequiredValues(), empty)[0]
    assert found.params["elements"] == "题名 title、来源标识 external_id、发布时间 published"


def test_content_must_be_there_and_not_empty() -> None:
    only_attachment = component(b"", "附件.pdf", ATTACHMENT)
    assert outcomes(ContentPresent(), item(only_attachment)) == [
        (None, FAIL, "main-document-missing"),
        ("cmp_1", FAIL, "file-empty"),
    ]
    assert {found.outcome for found in findings(ContentPresent(), item())} == {PASS}


@pytest.mark.parametrize(
    ("announced", "outcome"),
    [
        (None, Outcome.NOT_APPLICABLE),
        ((), PASS),
        (("附件.docx",), PASS),
        (("附件.docx", "附件.docx"), FAIL),
        (("图纸.pdf",), FAIL),
    ],
)
def test_announced_attachments_must_arrive(announced: tuple[str, ...] | None, outcome: Outcome) -> None:
    found = findings(AttachmentsPresent(), replace(item(), announced=announced))
    assert [one.outcome for one in found] == [outcome]


def test_names_are_compared_in_one_unicode_form() -> None:
    attachment = component(documents.pdf(), "e\u0301.pdf", ATTACHMENT)
    assert outcomes(AttachmentsPresent(), replace(item(attachment), announced=("\u00e9.pdf",))) == [(None, PASS, None)]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (documents.pdf(), "a.pdf", None),
        (documents.zipped({"a": b""}), "a.zip", "format-ask"),
        (b"\x01\x02\x03\0\xfe" * 20, "a.bin", "format-unknown"),
    ],
)
def test_formats_must_be_known_and_accepted(content: bytes, name: str, reason: str | None) -> None:
    found = outcomes(AcceptedFormat(default_format_policy()), item(component(content, name)))
    assert found == [("cmp_1", FAIL if reason else PASS, reason)]


@pytest.mark.parametrize(
    ("content", "name", "outcome", "reason"),
    [
        (documents.pdf(), "a.pdf", PASS, None),
        (documents.pdf()[:1_500], "a.pdf", FAIL, "file-truncated"),
        (b"<html><body>x", "a.html", FAIL, "html-unclosed"),
        (documents.zipped({"a": b""}), "a.zip", PASS, None),
        (picture(), "a.png", PASS, None),
        (MP4, "a.mp4", FAIL, "media-undecodable"),
    ],
)
def test_documents_must_open(content: bytes, name: str, outcome: Outcome, reason: str | None) -> None:
    assert outcomes(Readable(), item(component(content, name))) == [("cmp_1", outcome, reason)]


def test_what_nobody_read_is_not_checked() -> None:
    unread = item(replace(component(documents.pdf()), examination=None))
    for check in (Readable(), NothingLocked(), NothingActive()):
        assert outcomes(check, unread) == [("cmp_1", Outcome.NOT_CHECKED, "not-read")]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (documents.pdf(), "a.pdf", None),
        (documents.changed_pdf(documents.pdf(), owner="o", user="u"), "a.pdf", "file-encrypted"),
        (documents.changed_pdf(documents.pdf(), owner="o"), "a.pdf", "pdf-restricted"),
        (documents.zipped({"../a": b""}), "a.zip", "zip-unsafe-name"),
        (MP4, "a.mp4", None),
    ],
)
def test_nothing_is_locked_or_lies(content: bytes, name: str, reason: str | None) -> None:
    assert outcomes(NothingLocked(), item(component(content, name))) == [("cmp_1", FAIL if reason else PASS, reason)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (documents.zipped({"a": b"\0" * 5_000_000}), "archive-members-unchecked"),
        (documents.with_declared_size(documents.zipped({"a": b"1" * 9}), "a", 5, local=True), "zip-lies"),
    ],
)
def test_a_container_that_cannot_be_looked_through_is_not_checked(content: bytes, reason: str) -> None:
    assert outcomes(NothingLocked(), item(component(content, "a.zip"))) == [("cmp_1", Outcome.NOT_CHECKED, reason)]


class Scanner:
    """A scanner that was told what to find; `dated` is the moment of its definitions."""

    def __init__(self, found: str | None, dated: datetime | None = NOW, error: ArchiveError | None = None) -> None:
        self._scan = Scan(found, "试验引擎 1", "7", dated)
        self._error = error

    def engine(self) -> Engine:
        return Engine(self._scan.engine, self._scan.definitions, self._scan.definitions_date)

    def scan(self, stream: BinaryIO, size: int) -> Scan:
        assert len(stream.read()) == size
        if self._error is not None:
            raise self._error
        return self._scan


@pytest.mark.parametrize(
    ("scanner", "outcome", "reason"),
    [
        (None, Outcome.NOT_CHECKED, "no-virus-scanner"),
        (Scanner(None), PASS, None),
        (Scanner("试验病毒"), FAIL, "virus-found"),
        (Scanner("试验病毒", None), FAIL, "virus-found"),
        (Scanner(None, NOW - timedelta(days=8)), Outcome.NOT_CHECKED, "virus-definitions-old"),
        (Scanner(None, None), Outcome.NOT_CHECKED, "virus-definitions-undated"),
        (Scanner(None, error=InvalidInput("virus-scan-too-large")), Outcome.NOT_CHECKED, "virus-scan-too-large"),
    ],
)
def test_only_a_scanner_that_answered_passes(scanner: Scanner | None, outcome: Outcome, reason: str | None) -> None:
    assert outcomes(VirusFree(scanner), item(component(documents.pdf()))) == [("cmp_1", outcome, reason)]


def test_a_scanner_that_is_away_is_no_finding_about_the_file() -> None:
    away = Scanner(None, error=Unavailable("virus-scanner-unavailable"))
    with pytest.raises(Unavailable):
        run_checks([VirusFree(away)], item(component(documents.pdf())))


def test_a_launch_goes_back_also_where_something_lighter_was_seen_before_it() -> None:
    looked = Inspection(
        Aspect.ACTIVE,
        FAIL,
        "x 1",
        tuple(map(Observation, ("pdf-automatic-action", "pdf-launch", "pdf-launch", "xml-stylesheet"))),
        failing=3,
    )
    sound = component(documents.pdf())
    assert sound.examination is not None
    launching = replace(sound, examination=replace(sound.examination, inspections=(looked,)))
    results = run_checks([NothingActive()], item(launching))
    assert [each.reason_code for each in results] == ["pdf-automatic-action", "pdf-launch"]
    assert {each.reason_code for each in gate(results, default_policy(), ("cmp_1",)).blocking} >= {"pdf-launch"}


def test_active_content_is_told() -> None:
    active = component(documents.changed_pdf(documents.pdf(), javascript=True))
    seen = [("cmp_1", FAIL, "pdf-automatic-action"), ("cmp_1", FAIL, "pdf-javascript")]
    assert outcomes(NothingActive(), item(active)) == seen
    assert outcomes(NothingActive(), item(component(documents.pdf()))) == [("cmp_1", PASS, None)]
    assert outcomes(NothingActive(), item(component(picture(), "a.png"))) == [("cmp_1", PASS, None)]
