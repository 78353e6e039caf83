"""Who may answer what: for an item whoever may decide on it, for the system only who may decide on everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access_control.memory import EVERYTHING, AllowList
from archive.authorization import AccessLevel, Actor, Clause, Permission
from archive.errors import ArchiveError
from ingest.checks.gate import default_text
from ingest.checks.types import Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.desk import VerdictDesk, VerdictDeskPorts
from ingest.verdicts.types import Task, TaskState
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"
HERE, ELSEWHERE, EVERYWHERE = Actor("acc_h", "h"), Actor("acc_e", "e"), Actor("acc_a", "a")
LEVELS = frozenset(AccessLevel)
REVIEWING = (Permission.REVIEW_LIST, Permission.REVIEW_DECIDE)
ASKING = """
[[for]]
classes = ["*"]
[for.rules.GD-4-2]
reasons = { "no-virus-scanner" = "ask" }
"""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        text = default_text().replace('version = "2026.3"', 'version = "centre.1"') + ASKING
        small.ingest.verdicts.policies.set(ARCHIVIST, text, small.clock.now(), "试行")
        small.take(tender(1, SCHOOL), ending(1, SCHOOL))
        small.work()
        small.ingest.verdicts.volumes.system(Phase.FILING)
        yield small


@pytest.fixture
def desk(archive: SmallArchive) -> VerdictDesk:
    here, elsewhere = Clause(("3701",), LEVELS, released_only=False), Clause(("11",), LEVELS, released_only=False)
    may = {HERE.id: (here,), ELSEWHERE.id: (elsewhere,), EVERYWHERE.id: (EVERYTHING,)}
    authorizer = AllowList(archive.clock, {name: dict.fromkeys(REVIEWING, clauses) for name, clauses in may.items()})
    verdicts = archive.ingest.verdicts
    ports = VerdictDeskPorts(
        archive.kernel.database, authorizer, archive.volume_reader(), verdicts.volumes, verdicts.tasks
    )
    return VerdictDesk(ports)


def tasks(desk: VerdictDesk, actor: Actor, kind: SubjectKind) -> list[Task]:
    return [task for task in desk.tasks(actor, TaskState.OPEN, 100) if task.subject.kind is kind]


def refused(desk: VerdictDesk, actor: Actor, task: Task) -> str:
    with pytest.raises(ArchiveError) as caught:
        desk.answer(actor, task.id, Outcome.PASS, "已核对")
    return caught.value.code


def test_questions_about_items_are_seen_and_answered_by_who_may_decide_on_them(desk: VerdictDesk) -> None:
    first, second = tasks(desk, HERE, SubjectKind.ITEM)
    assert tasks(desk, ELSEWHERE, SubjectKind.ITEM) == []
    assert refused(desk, ELSEWHERE, first) == "check-task-unknown"
    assert desk.answer(HERE, first.id, Outcome.PASS, "已核对").actor == HERE.id
    assert tasks(desk, HERE, SubjectKind.ITEM) == [second]


def test_for_the_system_answers_only_who_may_decide_on_everything(desk: VerdictDesk) -> None:
    (task, *_) = tasks(desk, HERE, SubjectKind.SYSTEM)
    assert refused(desk, HERE, task) == "check-task-not-whole"
    assert desk.answer(EVERYWHERE, task.id, Outcome.PASS, "已核对").state is TaskState.ANSWERED
