"""The way of a project: its stages in the order of the procedure, with the records of each."""

from collections.abc import Iterable
from dataclasses import dataclass

from archive.plan.types import Plan
from archive.records.types import Record


@dataclass(frozen=True)
class Stage:
    """A stage of the procedure, named as in the plan ("" while unknown), with its records, oldest first."""

    name: str
    records: tuple[Record, ...]


def stages_of(plan: Plan, records: Iterable[Record]) -> list[Stage]:
    """`records` by stage, in the order of the plan; what has no stage comes last."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        cls = plan.classes.get(record.class_code or "")
        key = (cls.stage_order if cls else "99", record.stage or (cls.stage if cls else ""))
        found.setdefault(key, []).append(record)
    return [Stage(name, tuple(members)) for (_, name), members in sorted(found.items())]
