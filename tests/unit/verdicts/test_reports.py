"""The report: three forms that say the same, the same bytes each time, nothing smuggled in."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pypdfium2
import pytest

from archive.authorization import AccessLevel
from archive.records.types import Component, ComponentRole, Record, RecordState
from archive.volumes.types import Project, Volume, VolumeState
from ingest.checks.gate import Ruling, Verdict
from ingest.checks.types import CheckResult, Nature, Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.closing import MemberVerdict
from ingest.verdicts.reports.facts import MOST_TROUBLES, Reported, ReportedMember, facts_of
from ingest.verdicts.reports.fonts import report_font
from ingest.verdicts.reports.layout import layout_of
from ingest.verdicts.reports.page import page_of
from ingest.verdicts.reports.writing import written
from ingest.verdicts.types import ReportFormat, Run, Subject, Task, TaskState
from tests.small_archive import START

LONG = "济南市第一中学教学设备采购项目（第二次）" * 12
HOSTILE = '<script>alert("1")</script>&<b>'


def result(code: str, outcome: Outcome, reason: str | None = None, component: str | None = None) -> CheckResult:
    return CheckResult(code, Nature.INTEGRITY, component, outcome, reason, {"format": "甲"}, "1", 0.5)


def record(title: str, number: int) -> Record:
    return Record(
        id=f"rec_{number}",
        source="portal",
        external_id=str(number),
        fonds="Z001",
        region="370100",
        state=RecordState.FILED,
        version=1,
        title=title,
        published=START,
        class_code="GC.01",
        doc_type="公告",
        trade_type="A",
        stage="招标",
        level=AccessLevel.PUBLIC,
        released_from=None,
        project_id="prj_1",
        volume_id="vol_1",
        item_number=number,
        reference_code=f"Z001-ZY·A·370100-2026-D30-00001-{number:03d}",
        created_at=START,
        updated_at=START,
    )


def member(title: str, number: int, *results: CheckResult) -> ReportedMember:
    bad = tuple(each for each in results if each.outcome is Outcome.FAIL)
    found = MemberVerdict(record(title, number), "run_9", results, Verdict(not bad, bad, (), ()))
    file = Component(
        "cmp_1", "ver_1", 0, ComponentRole.MAIN, LONG + ".pdf", None, "", None, 9, "a" * 64, "b" * 64, None, None
    )
    return ReportedMember(found, (file,))


def reported(*members: ReportedMember, section: str = "") -> Reported:
    about = Subject(SubjectKind.VOLUME, "vol_1")
    run = Run("run_1", about, Phase.FILING, 1, "2026.3", "c" * 64, Ruling.REFUSE, None, {}, (), START)
    volume = Volume(
        id="vol_1",
        project_id="prj_1",
        section=section,
        section_name=section,
        state=VolumeState.CLOSED,
        outcome="award",
        ended_on=date(2026, 5, 20),
        number=1,
        reference_code="Z001-ZY·A·370100-2026-D30-00001",
        retention="D30",
        item_count=len(members),
        missing=(),
        declared=(),
        opened_at=START,
        closed_at=START + timedelta(days=1),
    )
    project = Project("prj_1", LONG, "SDCG-2026-0001", None, "A", "Z001", "370100", START)
    tasks = [Task("tsk_1", about, Phase.FILING, "GD-4-7", START)]
    own = [result("GD-2-1", Outcome.PASS), result("GD-2-6", Outcome.NOT_CHECKED, "awaits-person")]
    return Reported(volume, project, run, own, members, tasks, report_font())


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return "".join(text.split())


@pytest.fixture
def sample() -> Reported:
    failing = result("GD-3-3", Outcome.FAIL, "format-unknown", "cmp_1")
    return reported(member(LONG, 1, failing), member("第二件", 2, result("GD-3-3", Outcome.PASS)))


def test_the_same_run_gives_the_same_bytes_in_every_form(sample: Reported) -> None:
    assert written(facts_of(sample)) == written(facts_of(sample))


def test_every_form_says_verdict_items_findings_and_tasks(sample: Reported) -> None:
    forms = written(facts_of(sample))
    facts = json.loads(forms[ReportFormat.JSON])
    page, printed = "".join(forms[ReportFormat.HTML].decode().split()), words_of(forms[ReportFormat.PDF])
    assert facts["ruling"] == "refuse"
    said = [
        "不通过",
        facts["volume"]["reference_code"],
        facts["run"]["policy"],
        facts["items"][1]["title"],
        facts["items"][0]["findings"][0]["sentence"]["zh"],
        facts["checks"][1]["sentence"]["zh"],
        facts["tasks"][0]["code"],
        facts["font"]["zh"],
    ]
    for word in ("".join(each.split()) for each in said):
        assert word in page
        assert word in printed


def test_not_checked_is_told_apart_from_passed(sample: Reported) -> None:
    natures = facts_of(sample)["natures"]["integrity"]
    assert natures == {"pass": 2, "fail": 1, "not_applicable": 0, "not_checked": 1}


def test_marks_in_names_stay_text() -> None:
    facts = facts_of(reported(member(HOSTILE, 1, result("GD-3-3", Outcome.PASS)), section=HOSTILE))
    page = page_of(layout_of(facts)).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "alert" in words_of(written(facts)[ReportFormat.PDF])


def test_an_item_that_was_never_checked_is_not_accepted() -> None:
    unseen = replace(member("从未检测", 1), found=MemberVerdict(record("从未检测", 1), None, (), None))
    item = facts_of(reported(unseen))["items"][0]
    assert (item["ruling"], item["holding"]) == ("refuse", ["item-never-checked"])
    assert item["reason"]["zh"]


def test_findings_left_out_are_counted() -> None:
    failing = [result("GD-3-3", Outcome.FAIL, "format-unknown", "cmp_1")] * (MOST_TROUBLES + 3)
    facts = facts_of(reported(member("多", 1, *failing)))
    assert facts["items"][0]["findings_left_out"] == 3
    assert "3" in words_of(written(facts)[ReportFormat.PDF])


@pytest.mark.parametrize("letter", ["核", "x", "，"])
def test_what_is_higher_than_a_page_goes_on_overleaf(letter: str) -> None:
    whole = reported(member(letter * 3_000, 1, result("GD-3-3", Outcome.FAIL, "format-unknown", "cmp_1")))
    (task,) = whole.tasks
    answered = replace(task, state=TaskState.ANSWERED, outcome=Outcome.PASS, note=letter * 2_000, actor="acc_1")
    facts = facts_of(replace(whole, tasks=[replace(answered, answered_at=START)]))
    assert written(facts) == written(facts)
    assert words_of(written(facts)[ReportFormat.PDF]).count(letter) >= 2_500


def test_what_thousands_of_items_lack_is_said_once_with_their_numbers() -> None:
    lacking = result("GD-3-3", Outcome.FAIL, "format-unknown", "cmp_1")
    sound = result("GD-3-3", Outcome.PASS)
    members = [member("公告", number, sound if number == 4 else lacking) for number in range(1, 301)]
    layout = layout_of(facts_of(reported(*members)))
    (section,) = [each for each in layout.sections if each.heading[1] == "Findings of the items"]
    ((_, _, where, _, _),) = section.rows
    assert (where.text, where.beside) == ("1–3、5–300", "299 个文件 files")
