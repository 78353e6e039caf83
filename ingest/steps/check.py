"""Step check: the four-nature checks at filing (DA/T 70-2018, GD), and the gate behind them."""

from collections.abc import Mapping

from archive.authorization import SYSTEM_ACTOR
from archive.db.uow import UnitOfWork
from archive.ledger.canonical import JSON
from archive.ledger.types import EventType
from archive.records.service import Act, RecordService
from archive.records.types import Component, ComponentRole, Record, RecordState
from ingest.checks.engine import run_checks
from ingest.checks.gate import Policy, Verdict, gate
from ingest.checks.types import Check, Checked, CheckedComponent, CheckResult
from ingest.repository import OutcomeRepository
from ingest.steps.identify import ComponentReader
from ingest.steps.port import Item, Result
from ingest.types import Status

_NEVER_ACCEPTED = frozenset({"GD-1-14"})


class CheckStep:
    """Runs every check, stores what each said, and lets the record through only if the gate opens."""

    name = "check"

    def __init__(
        self, records: RecordService, checks: tuple[Check, ...], policy: Policy, reader: ComponentReader
    ) -> None:
        self._records = records
        self._reader = reader
        self._checks = checks
        self._policy = policy

    def run(self, item: Item) -> Result:
        results = run_checks(self._checks, _checked(item, self._reader))
        verdict = gate(results, self._policy, [component.id for component in item.files()])
        status, first = _judge(verdict, _accepted(item))
        rows = [_row(result) for result in results]

        def write(uow: UnitOfWork, record: Record) -> None:
            OutcomeRepository(uow.connection).add_checks(record.id, record.version, rows)
            if status is Status.DONE:
                body: dict[str, JSON] = {"policy": self._policy.version, "warnings": len(verdict.warnings)}
                act = Act(EventType.RECORD_CHECKED, SYSTEM_ACTOR, body)
                self._records.move(uow, record, RecordState.CHECKED, act)

        return Result(
            status=status,
            code=(first.reason_code or "check-missing") if first else None,
            params=first.params if first else {},
            detail={
                "policy": self._policy.version,
                "blocking": [_named(result) for result in verdict.blocking],
                "asks": [_named(result) for result in verdict.asks],
                "warnings": [_named(result) for result in verdict.warnings],
            },
            write=write,
        )


def _accepted(item: Item) -> list[object]:
    """The results that a person accepted, each as it was shown."""
    results = item.decision.choice.get("accepted") if item.decision is not None else None
    return results if isinstance(results, list) else []


def _judge(verdict: Verdict, accepted: list[object]) -> tuple[Status, CheckResult | None]:
    """What is left when everything is taken away that a person accepted, which is in the ledger.

    That the bytes are not those taken in can be accepted by nobody.
    """
    known = {_key(each) for each in accepted if isinstance(each, dict)}

    def left(results: tuple[CheckResult, ...]) -> list[CheckResult]:
        return [each for each in results if each.code in _NEVER_ACCEPTED or _key(_named(each)) not in known]

    blocking, asks = left(verdict.blocking), left(verdict.asks)
    if blocking:
        return Status.RETURNED, blocking[0]
    if asks:
        return Status.WAITING, asks[0]
    return Status.DONE, None


def _key(named: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(named.get(name) for name in ("check", "component", "outcome", "reason"))


def _checked(item: Item, reader: ComponentReader) -> Checked:
    version = item.version
    hints = {key: value for key, value in version.hints.items() if isinstance(value, str)}
    names = version.hints.get("attachments")
    return Checked(
        title=version.title,
        published=version.published,
        source=item.record.source,
        external_id=item.record.external_id,
        components=tuple(_component(item, component, reader) for component in item.files()),
        # What the source calls its region is a hint; the code it was read as is what must have a form.
        fields=hints | {"region": item.record.region},
        announced=tuple(map(str, names)) if isinstance(names, list) else None,
    )


def _component(item: Item, component: Component, reader: ComponentReader) -> CheckedComponent:
    reading = reader.reading_of(item, component)
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
        identified=reading.identified,
        reading=reading,
    )


def _named(result: CheckResult) -> dict[str, object]:
    return {
        "check": result.code,
        "component": result.component,
        "outcome": str(result.outcome),
        "reason": result.reason_code,
        "params": dict(result.params),
    }


def _row(result: CheckResult) -> dict[str, object]:
    return {
        "code": result.code,
        "nature": str(result.nature),
        "component_id": result.component,
        "outcome": str(result.outcome),
        "reason": result.reason_code,
        "params": dict(result.params),
        "rule_version": result.rule_version,
        "milliseconds": round(result.milliseconds, 3),
    }
