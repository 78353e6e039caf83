"""SQLite and PostgreSQL give the same results for every statement of every repository.

One scenario runs on both, with the same clock and the same identifiers. Everything that repositories are asked and
answer is written down; the two accounts must be equal, and no public method of a repository may be missing from them.
"""

import functools
import importlib
import inspect
import pkgutil
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import GeneratorType, ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from access_control.repository import AccessRepository, AccountRepository, LoginRepository
from access_control.rules import PolicyRow
from access_control.types import Account, Attempts, Grant, Role, Session
from archive import wiring
from archive.backup.repository import Rows, kept_tables
from archive.clock import FixedClock
from archive.db.base import metadata
from archive.fixity.repository import EveryRow
from archive.jobs.port import Job, Lane
from archive.jobs.repository import JobRepository, Wanted
from archive.ledger.follower import follow, lag, rewind
from archive.ledger.repository import LedgerRepository
from archive.ledger.signing import create_key
from archive.ledger.tree import StoredTree
from archive.records.repository import RecordRepository
from archive.records.types import Record, RecordState
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import VolumeState
from ingest.connectors.port import Arrival, Refused
from ingest.repository import OutcomeRepository
from ingest.sources.repository import SourceRepository
from ingest.types import ArrivalStatus, PersonDecision, Status
from ingest.watching.repository import WatchRepository
from search.memory import MemoryIndex
from search.projector import Projector
from tests.contracts.delivered import delivered
from tests.contracts.judged import judged
from tests.contracts.reconciled import reconciled
from tests.services import fresh_database
from tests.small_archive import (
    SOURCE,
    START,
    SmallArchive,
    attachment,
    ending,
    gone,
    notice,
    tender,
)

PACKAGES = ("archive", "access_control", "ingest")
Told = tuple[str, str]
"""What was called, and what was said and answered."""


def repository_modules() -> list[ModuleType]:
    packages = [importlib.import_module(name) for name in PACKAGES]
    found = [module.name for each in packages for module in pkgutil.walk_packages(each.__path__, f"{each.__name__}.")]
    return [importlib.import_module(name) for name in found if name.endswith(".repository")]


def is_repository(kind: object, module: ModuleType) -> bool:
    """Whether this is a class of the module that is built on a connection."""
    return (
        isinstance(kind, type)
        and kind.__module__ == module.__name__
        and "connection" in inspect.signature(kind).parameters
    )


def repositories() -> list[type]:
    """Every class that holds statements."""
    return [kind for module in repository_modules() for kind in vars(module).values() if is_repository(kind, module)]


def methods() -> set[str]:
    """Every public method of every repository."""
    return {
        f"{kind.__name__}.{name}"
        for kind in repositories()
        for name, function in vars(kind).items()
        if callable(function) and not name.startswith("_")
    }


@contextmanager
def written_down(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Told]]:
    """Everything that repositories are asked and answer while the block lasts."""
    told: list[Told] = []
    with monkeypatch.context() as patched:
        for kind in repositories():
            for method, function in list(vars(kind).items()):
                if callable(function) and not method.startswith("_"):
                    patched.setattr(kind, method, recorded(f"{kind.__name__}.{method}", function, told))
        yield told


def recorded(name: str, function: Callable[..., Any], told: list[Told]) -> Callable[..., Any]:
    @functools.wraps(function)
    def calling(self: object, *given: Any, **named: Any) -> Any:
        answer = function(self, *given, **named)
        if isinstance(answer, GeneratorType):
            answer = list(answer)
        told.append((name, repr((plain(given), plain(named), plain(answer)))))
        return answer

    return calling


def plain(value: Any) -> Any:
    """A value without what depends on the machine: how long something took. Sets are put in order."""
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if isinstance(value, dict):
        return {key: plain(part) for key, part in sorted(value.items(), key=repr) if key != "milliseconds"}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if hasattr(value, "milliseconds"):
        return replace(value, milliseconds=0.0)
    return value


def scenario(archive: SmallArchive) -> None:
    """A life of some records, with everything that can happen to them."""
    film = attachment("开标录像.mp4", b"\x00" * 4096)
    archive.take(tender(1, "滨河路改造"), tender(2, "江滩绿化"), notice("undated-1", "情况说明", film))
    archive.take(replace(notice("undated-2", "未注明日期的说明"), published=None))
    archive.take(Arrival("bad", Refused("row-without-id", {"line": 1}, b"{}")))
    archive.work()
    archive.take(tender(1, "滨河路改造", body="第二稿：开标时间顺延。"), ending(1, "滨河路改造", day=21))
    archive.work()
    archive.take(gone("t2"))
    archive.work()
    archive.kernel.integrator.publish()
    index = MemoryIndex()
    projector = Projector(archive.kernel.database, index, str)
    while follow(archive.kernel.database, projector, 7):
        pass
    rewind(archive.kernel.database, projector.name)
    while follow(archive.kernel.database, projector, 100):
        pass
    assert archive.fsck().findings == ()


def questions(archive: SmallArchive) -> None:
    """What the scenario does not ask by itself."""
    everything = archive.scope
    with archive.kernel.database.reading() as connection:
        records, volumes = RecordRepository(connection), VolumeRepository(connection)
        record = archive.record("t1")
        for state in (None, *VolumeState):
            volumes.page(everything, state)
        volumes.projects(everything)
        volumes.count_by_state(everything)
        volumes.volume_by_reference("none")
        for volume in volumes.closed():
            assert volume.reference_code is not None
            volumes.volume_by_reference(volume.reference_code)
            volumes.known_closed([volume.id, "vol_none"])
            records.page(everything, volume_id=volume.id)
            records.count_by_volume(everything, [volume.id])
            records.members(volume.id)
        volumes.project_by_code("SDCG-2026-0001")
        assert record.project_id is not None
        volumes.volume_of(record.project_id, "")
        ids = records.ids_after("", 100)
        records.page(everything)
        records.page(everything, states=[RecordState.FILED, RecordState.WITHDRAWN], limit=2, offset=1)
        records.page(everything, project_id=record.project_id)
        records.count_by_state(everything)
        records.known([*ids, "rec_none"])
        sorted(found.id for found in records.by_ids(ids))
        records.tombstones(ids)
        records.sizes(ids)
        records.by_reference(record.reference_code or "none")
        for version in records.versions(record.id):
            records.texts(version.id)
            records.fields(record.id, version.number)
            for component in records.components(version.id):
                records.component(component.id)
                records.record_of(component.id)
                records.count_repeated(record, component.sha256)
    more_questions(archive, record)


def more_questions(archive: SmallArchive, record: Record) -> None:
    everything = archive.scope
    with archive.kernel.database.reading() as connection:
        ledger = LedgerRepository(connection)
        ledger.entries_at([0, 3, 2, 10_000])
        ledger.leaf(1)
        ledger.node(1, 0)
        ledger.nodes(1, 0, 9)
        ledger.positions()
        ledger.count_nodes()
        ledger.checkpoints()
        lag(connection, "search")
        StoredTree(connection).root(ledger.size())
        outcomes = OutcomeRepository(connection)
        for status in Status:
            outcomes.stopped(everything, status)
            outcomes.count_stopped(everything, status)
        outcomes.formats(everything)
        sources = SourceRepository(connection)
        sources.all()
        sources.refused()
        sources.refused_of(SOURCE, 5)
        sources.readings()
        sources.count_by_status()
        sources.held(SOURCE, None, "", 10)
        sources.held(SOURCE, START - timedelta(days=10), "", 10)
        sources.stale(SOURCE, START + timedelta(days=10), 10)
        every = EveryRow(connection)
        every.known_volumes(["vol_none"])
        every.known_projects([record.project_id or "prj_none"])


def watched(archive: SmallArchive) -> None:
    """What those who watch the archive ask, and a backup."""
    with archive.kernel.database.reading() as connection:
        watch = WatchRepository(connection)
        watch.revision(), watch.records(), watch.volumes(), watch.stopped(), watch.failing(), watch.checkpoint()
        watch.passed(START - timedelta(days=1))
        watch.jobs(["advance", "sync"])
        watch.oldest_due("advance", START)
        for status in ArrivalStatus:
            watch.arrivals(status)
        kept = Rows(connection)
        assert kept.unknown_tables() == []
        kept.blobs(), kept.used()
        for name in kept_tables():
            kept.read(name)
    with archive.kernel.database.writing() as uow:
        Rows(uow.connection).write("volumes_sequence", [{"scope": "backup", "last": 3}])


def changes(archive: SmallArchive) -> None:
    """Statements that only people bring about, or rare accidents."""
    record = archive.record("undated-1")
    with archive.kernel.database.writing() as uow:
        outcomes = OutcomeRepository(uow.connection)
        outcomes.add_decision(
            PersonDecision("dec_1", record.id, 1, "classify", {"class": "GC"}, "看过", "acc_1", START)
        )
        outcomes.decision(record.id, 1, "classify")
        outcomes.drop(record.id, 1, ["place"])
        outcomes.unfinished(archive.ingest.graph.versions())
        RecordRepository(uow.connection).withdraw_grades(record.id)
        project = archive.record("t1").project_id
        assert project is not None
        VolumeRepository(uow.connection).update_project(project, deal_code="A01-1")
        SourceRepository(uow.connection).update(SOURCE, position={"walked": True}, last_failure=START)
        accounts, logins = AccountRepository(uow.connection), LoginRepository(uow.connection)
        grant = Grant(Role.ARCHIVIST, "370000")
        accounts.insert(Account("acc_1", "zhang", "张三", (grant,), disabled=False, has_password=False), None, START)
        accounts.insert_grant("acc_1", Grant(Role.INSPECTOR, "370100"))
        accounts.set_password_hash("acc_1", "$argon2id$made-up")
        accounts.set_disabled("acc_1", disabled=True)
        for _ in range(2):
            accounts.by_name("zhang"), accounts.by_id("acc_1"), accounts.password_hash("acc_1"), accounts.all()
            AccessRepository(uow.connection).active_grants("acc_1")
            accounts.set_disabled("acc_1", disabled=False)
        access = AccessRepository(uow.connection)
        access.has_policy()
        access.insert_policy(7, [PolicyRow("p", ("archivist", "*", "record.read", "*", "always"))])
        access.policy_version()
        access.policy_rows(7)
        session = Session("a" * 64, "acc_1", START, START + timedelta(hours=8), START)
        logins.insert_session(session)
        logins.extend_session("a" * 64, last_seen_at=START, expires_at=START + timedelta(hours=9))
        logins.session("a" * 64)
        logins.put_attempts("b" * 64, Attempts(3, START, START + timedelta(minutes=5)))
        logins.put_attempts("b" * 64, Attempts(4, START, None))
        logins.attempts("b" * 64)
        logins.delete_session("c" * 64)
        logins.sweep(sessions_before=START, attempts_before=START - timedelta(days=1))
        logins.clear_attempts("b" * 64)
        logins.delete_sessions_of("acc_1")
        logins.session("a" * 64)
    jobs(archive)


def jobs(archive: SmallArchive) -> None:
    now, later = START, START + timedelta(minutes=1)
    with archive.kernel.database.writing() as uow:
        repository = JobRepository(uow.connection)
        repository.clear()
        for number in range(6):
            repository.add(
                f"job_{number}", "advance", f"rec_{number % 5}", now, Lane.HEAVY if number == 4 else Lane.LIGHT
            )
        repository.due(Lane.LIGHT, now, 3)
        held = [repository.lease(f"host.{n}", Wanted(), now, later) for n in range(4)]
        assert all(held)
        repository.holder("job_0")
        first, second, third, fourth = (job for job in held if job is not None)
        repository.extend(first, later)
        repository.put_back(first, now, "x", "y")
        repository.set_aside(second, "file-damaged", "damaged", now)
        repository.failed()
        repository.finish(third)
        repository.release("host.", now, blamed=False)
        repository.finish(Job(fourth.id, fourth.kind, fourth.key, 9))
        repository.revive(now, None, None, None)
        repository.any_due(Wanted(frozenset({"advance"}), frozenset({Lane.LIGHT}), "job_0"), now)
        repository.count_pending()
        repository.count_leased()


def rows(archive: SmallArchive) -> dict[str, list[str]]:
    """Every row of every table, as text, in an order of its own."""
    with archive.kernel.database.reading() as connection:
        return {
            table.name: sorted(repr(plain(dict(row))) for row in connection.execute(select(table)).mappings())
            for table in metadata.sorted_tables
        }


@contextmanager
def archive_on(kind: str, folder: Path, key: Path) -> Iterator[SmallArchive]:
    """A newly founded archive; its key is one made before, so that both sign alike."""
    (folder / "keys").mkdir(parents=True)
    shutil.copy(key, folder / "keys" / "ledger.key")
    sqlite = nullcontext(f"sqlite:///{folder}/archive.db")
    with fresh_database() if kind == "postgres" else sqlite as url, SmallArchive.at(folder, url) as archive:
        yield archive


@pytest.mark.services
def test_both_databases_answer_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "SystemClock", lambda: FixedClock(START))
    key = tmp_path / "ledger.key"
    create_key(key)
    accounts: dict[str, list[Told]] = {}
    tables: dict[str, dict[str, list[str]]] = {}
    for kind in ("sqlite", "postgres"):
        with written_down(monkeypatch) as told, archive_on(kind, tmp_path / kind, key) as archive:
            scenario(archive)
            questions(archive)
            changes(archive)
            watched(archive)
            reconciled(archive)
            judged(archive)
            delivered(archive)
            tables[kind] = rows(archive)
        accounts[kind] = told
    for number, (one, other) in enumerate(zip(accounts["sqlite"], accounts["postgres"], strict=False)):
        assert one == other, f"answer {number} differs"
    assert len(accounts["sqlite"]) == len(accounts["postgres"]) > 700
    assert methods() - {name for name, _ in accounts["sqlite"]} == set()
    assert tables["sqlite"] == tables["postgres"]
