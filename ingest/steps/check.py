"""Step check: the four-nature checks at filing (DA/T 70-2018, GD), and the gate behind them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from archive.authorization import SYSTEM_ACTOR
from archive.db.uow import Database, UnitOfWork
from archive.errors import Damaged
from archive.ledger.canonical import JSON
from archive.ledger.types import EventType
from archive.records.repository import RecordRepository
from archive.records.service import Act, RecordService
from archive.records.types import Component, ComponentRole, Record, RecordState
from ingest.checks.engine import run_checks
from ingest.checks.gate import Verdict, gate, named
from ingest.checks.types import Checked, CheckedComponent, CheckResult, Phase, SubjectKind
from ingest.examining.types import Examination
from ingest.signatures.types import Signature
from ingest.steps.identify import ComponentReader
from ingest.steps.port import Item, Result
from ingest.types import Status
from ingest.verdicts.in_force import Rules
from ingest.verdicts.keeping import Judged, Keeper
from ingest.verdicts.types import Subject


class Repeats:
    """Counts other records that hold the same document."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, item: Item) -> int | None:
        """How many others have the title, publication and main document of this item; None where it has no such file.

        Raises:
            Unavailable: the database does not answer.
        """
        main = next((file for file in item.files() if file.role is ComponentRole.MAIN), None)
        if main is None:
            return None
        with self._database.reading() as connection:
            return RecordRepository(connection).count_repeated(item.record, main.sha256)


class CheckStep:
    """Runs every check, stores what each said, and lets the record through only if the gate opens."""

    name = "check"

    def __init__(
        self, records: RecordService, rules: Rules, keeper: Keeper, reader: ComponentReader, repeats: Repeats
    ) -> None:
        self._records = records
        self._repeats = repeats
        self._rules = rules
        self._keeper = keeper
        self._reader = reader

    def checked(self, item: Item) -> Checked:
        """The item as the checks see it.

        Raises:
            Damaged: stored bytes are missing.
            Unavailable: something that is needed for looking does not answer.
        """
        twins = self._reader.twins_of(item)
        examinations = {component.id: self._reader.examination_of(item, component) for component in item.files()}
        return _checked(item, examinations, twins, self._reader.now(), self._repeats.of(item))

    def checked_again(self, item: Item) -> Checked:
        """The same of an item that was taken in long ago: bytes that are missing are found by the checks themselves.

        Raises:
            Unavailable: something that is needed for looking does not answer.
        """
        examinations: dict[str, Examination] = {}
        for component in item.files():
            with suppress(Damaged):
                examinations[component.id] = self._reader.examination_of(item, component)
        twins: Mapping[str, tuple[Signature, ...]] = {}
        try:
            twins = self._reader.twins_of(item)
        except Damaged:
            # Whether what lies here was signed beside itself is not known any more.
            examinations = {each: replace(found, signatures=None) for each, found in examinations.items()}
        return _checked(item, examinations, twins, self._reader.now(), self._repeats.of(item))

    def run(self, item: Item) -> Result:
        in_force = self._rules.now()
        # Nobody knows yet of which class it is; what a policy says of single classes counts when its volume closes.
        policy = in_force.policy.narrowed(item.record.class_code, item.record.trade_type)
        results = run_checks(in_force.checks, self.checked(item))
        parts = [component.id for component in item.files()]
        verdict = gate(results, policy, parts)
        left = verdict.accepting(_accepted(item))
        status, first = _judge(left)

        def write(uow: UnitOfWork, record: Record) -> None:
            judged = Judged(results, left.ruling, policy.version, in_force.fingerprint, parts)
            self._keeper.keep(uow, Subject(SubjectKind.ITEM, record.id, record.version), Phase.FILING, judged)
            if status is Status.DONE:
                body: dict[str, JSON] = {"policy": policy.version, "warnings": len(verdict.warnings)}
                act = Act(EventType.RECORD_CHECKED, SYSTEM_ACTOR, body)
                self._records.move(uow, record, RecordState.CHECKED, act)

        return Result(
            status=status,
            code=(first.reason_code or "check-missing") if first else None,
            params=first.params if first else {},
            detail={
                "policy": policy.version,
                "blocking": [named(result) for result in verdict.blocking],
                "asks": [named(result) for result in verdict.asks],
                "warnings": [named(result) for result in verdict.warnings],
            },
            write=write,
        )


def _accepted(item: Item) -> list[object]:
    """The results that a person accepted, each as it was shown."""
    results = item.decision.choice.get("accepted") if item.decision is not None else None
    return results if isinstance(results, list) else []


def _judge(left: Verdict) -> tuple[Status, CheckResult | None]:
    """What follows from what nobody accepted, and the first result that says so."""
    if left.blocking:
        return Status.RETURNED, left.blocking[0]
    if left.asks:
        return Status.WAITING, left.asks[0]
    return Status.DONE, None


def _checked(
    item: Item,
    examinations: Mapping[str, Examination],
    twins: Mapping[str, tuple[Signature, ...]],
    now: datetime,
    duplicates: int | None,
) -> Checked:
    version = item.version
    hints = {key: value for key, value in version.hints.items() if isinstance(value, str)}
    names = version.hints.get("attachments")
    return Checked(
        title=version.title,
        published=version.published,
        source=item.record.source,
        external_id=item.record.external_id,
        components=tuple(_component(item, component, examinations.get(component.id)) for component in item.files()),
        # What the source calls its region is a hint; the code it was read as is what must have a form.
        fields=hints | {"region": item.record.region},
        announced=tuple(map(str, names)) if isinstance(names, list) else None,
        now=now,
        duplicates=duplicates,
        twins=twins,
    )


def _component(item: Item, component: Component, examination: Examination | None) -> CheckedComponent:
    return CheckedComponent(
        id=component.id,
        name=component.name,
        name_bytes=component.name_bytes,
        role="main" if component.role is ComponentRole.MAIN else "attachment",
        size=component.size,
        sha256=component.sha256,
        sm3=component.sm3,
        announced_size=component.announced_size,
        announced_sha256=component.announced_sha256,
        open=lambda: item.open(component),
        examination=examination,
    )
