"""No automatic item is an ornament: for each there is a subject over which it fails, in every phase that has it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import BinaryIO

import pytest

from archive.errors import Damaged
from classifiers.noticing import Notice, Noticed
from ingest.checks.engine import build_checks, run_checks
from ingest.checks.gate import default_policy
from ingest.checks.items import Way, items
from ingest.checks.registry import Means, checks_of
from ingest.checks.subjects import CheckedPackage, CheckedSystem, CheckedVolume
from ingest.checks.types import Checked, CheckedComponent, CheckResult, Phase, Registered, SubjectKind
from ingest.examining.types import Examination
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.policy import default_format_policy
from ingest.malware.types import Engine, Scan
from ingest.outcomes import Observation, Outcome
from ingest.packages.types import Severity
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Signatures, Trust
from tests.unit.checks.items import component, item
from tests.unit.checks.test_packages_and_system import SYSTEM, package
from tests.unit.checks.volumes import NOW, SOUND, member, said, volume
from tests.unit.extractors import documents


class Finder:
    """A scanner that finds something in everything."""

    def engine(self) -> Engine:
        return Engine("试验引擎 1", "7", NOW)

    def scan(self, stream: BinaryIO, size: int) -> Scan:
        del stream, size
        return Scan("Eicar", "试验引擎 1", "7", NOW)


MEANS = Means(build_checks(default_policy(), default_format_policy(), Finder()), "*")
BROKEN = Signature(Kind.PDF, "签名1", Integrity.INVALID, Coverage.ENTIRE_FILE, Trust.UNKNOWN)


def lost() -> BinaryIO:
    raise Damaged("blob-missing", sha256="0" * 64)


def examined(change: Callable[[Examination], Examination]) -> Checked:
    """A sound item whose main document was examined otherwise."""
    main = component(documents.pdf())
    assert main.examination is not None
    return item(replace(main, examination=change(main.examination)))


def inspected(aspect: Aspect) -> Checked:
    """One whose inspection found fault under one aspect."""
    fault = Inspection(aspect, Outcome.FAIL, "试验 1", (Observation("file-is-program"),))
    return examined(lambda found: replace(found, inspections=(fault,)))


def of_file(part: CheckedComponent) -> Checked:
    return item(part)


MAIN = component(documents.pdf())
SPOILT: tuple[Checked, ...] = (
    examined(lambda found: replace(found, signatures=Signatures((BROKEN,), "试验 1"))),
    item(title="长" * 501),
    replace(item(), published=None, published_text="昨天"),
    replace(item(), published=None, title=" "),
    replace(item(), fields={"trade_type": "X", "region": "990000"}),
    replace(item(), published=NOW + timedelta(days=900)),
    item(title="甲\x07乙"),
    replace(item(), duplicates=1),
    replace(item(), fields={"trade_type": "B", "unified_deal_code": "A01-12379900MB1103706M-20310301-000001-*"}),
    of_file(replace(MAIN, announced_size=1)),
    of_file(replace(MAIN, open=lost)),
    of_file(replace(MAIN, sha256="0" * 64)),
    of_file(component(b"", "a.pdf")),
    replace(item(), announced=("没有来的附件.pdf",)),
    item(component(documents.zipped({"a": b"x"}), "a.zip")),
    item(component(documents.pdf()[:1_500], "a.pdf")),
    inspected(Aspect.CONFORMANCE),
    item(component(documents.changed_pdf(documents.pdf(), owner="o", user="u"), "a.pdf")),
    inspected(Aspect.ACTIVE),
    inspected(Aspect.CONCEALED),
    examined(lambda found: replace(found, noticed=(Noticed(Notice.SECRECY_MARK, 1, (0,), "秘密"),))),
    replace(item(), registered=Registered("a", "b")),
)
VOLUMES: tuple[CheckedVolume, ...] = (
    replace(volume(), expected={"region": "370200"}),
    replace(volume(), registered_items=9, registered_bytes=9, present=frozenset(), sealed=("x",)),
    replace(volume(), members=(replace(member(1), history=(), number=7, files=0), *volume().members[1:])),
    replace(volume(), members=()),
    *(replace(volume(), members=(replace(member(1), item=said(spoilt)),)) for spoilt in SPOILT),
)
CODES = (
    ("bag-declaration", "manifest-path-unsafe", "manifest-digest-differs", "package-count-differs", "bag-oxum"),
    ("mets-element-missing", "bag-incomplete", "package-xml", "file-damaged", "file-encrypted"),
)
PACKAGES: tuple[CheckedPackage, ...] = (
    *(package(*((code, Severity.ERROR) for code in codes)) for codes in CODES),
    replace(package(), carrier="光盘", surplus=("Thumbs.db",)),
)
SYSTEMS: tuple[CheckedSystem, ...] = (
    replace(
        SYSTEM,
        database=replace(SYSTEM.database, reachable=False) if SYSTEM.database else None,
        environment={**SYSTEM.environment, "pikepdf": ""},
        scanner=replace(SYSTEM.scanner, definitions_date=date(2020, 1, 1)) if SYSTEM.scanner else None,
    ),
)


def failing(results: Iterable[CheckResult]) -> set[str]:
    return {each.code for each in results if each.outcome is Outcome.FAIL}


@pytest.mark.parametrize("phase", Phase)
def test_every_automatic_item_fails_over_something(phase: Phase) -> None:
    found: set[str] = set()
    for spoilt in SPOILT:
        found |= failing(run_checks(checks_of(phase, SubjectKind.ITEM, MEANS), spoilt))
    for checked in VOLUMES:
        found |= failing(run_checks(checks_of(phase, SubjectKind.VOLUME, MEANS), checked))
    for handed in PACKAGES:
        found |= failing(run_checks(checks_of(phase, SubjectKind.PACKAGE, MEANS), handed))
    for system in SYSTEMS:
        found |= failing(run_checks(checks_of(phase, SubjectKind.SYSTEM, MEANS), system))
    automatic = {each.code for each in items().values() if each.phase is phase and each.way is Way.AUTOMATIC}
    assert automatic - found == set()


def test_nothing_fails_over_what_is_sound() -> None:
    sound = Means(build_checks(default_policy(), default_format_policy()), "*")
    for phase in Phase:
        assert failing(run_checks(checks_of(phase, SubjectKind.ITEM, sound), SOUND)) == set()
        assert failing(run_checks(checks_of(phase, SubjectKind.VOLUME, sound), volume())) == set()
        assert failing(run_checks(checks_of(phase, SubjectKind.PACKAGE, sound), package())) == set()
        assert failing(run_checks(checks_of(phase, SubjectKind.SYSTEM, sound), SYSTEM)) == set()
