"""Every metric by name: what it counts, in which unit, told apart by which labels."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Family:
    """One metric. All are gauges: each is how things stand at the moment of asking."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()


BUILD: Final = Family("juanzong_build_info", "Always 1; versions of program and schema", ("version", "schema"))
UP: Final = Family("juanzong_up", "1 where a part answers, 0 where it does not", ("part",))
PROBE: Final = Family("juanzong_probe_seconds", "How long a part took for one small question", ("part",))
RECORDS: Final = Family("juanzong_records", "Records by state", ("state",))
VOLUMES: Final = Family("juanzong_volumes", "Volumes by state", ("state",))
WAITING: Final = Family("juanzong_waiting", "Records that wait for a person, by the step that asks", ("step",))
WAITING_AGE: Final = Family(
    "juanzong_waiting_oldest_seconds", "Since when the oldest of them waits, 0 where none does", ("step",)
)
RETURNED: Final = Family("juanzong_returned", "Records returned to their source, by the step that did", ("step",))
OUTCOMES: Final = Family(
    "juanzong_step_outcomes_recent", "Outcomes of steps in the last 300 seconds", ("step", "status")
)
MILLISECONDS: Final = Family(
    "juanzong_step_milliseconds_mean", "Mean duration of the steps that ended in the last 300 seconds", ("step",)
)
JOBS: Final = Family("juanzong_jobs", "Jobs that wait, are being worked on, or were set aside", ("kind", "state"))
JOBS_AGE: Final = Family(
    "juanzong_jobs_oldest_due_seconds", "For how long the oldest waiting job has been due, 0 where none is", ("kind",)
)
JOBS_FAILING: Final = Family(
    "juanzong_jobs_failing", "Jobs whose last attempt failed: tried again, or set aside", ("kind", "code", "fate")
)
INDEX_LAG: Final = Family("juanzong_index_lag_entries", "Ledger entries that search does not show yet")
LEDGER: Final = Family("juanzong_ledger_entries", "Entries of the ledger")
LEDGER_LAG: Final = Family("juanzong_ledger_unpublished_entries", "Entries that no signed checkpoint covers yet")
CHECKPOINT_AGE: Final = Family("juanzong_ledger_checkpoint_age_seconds", "Since when the last checkpoint stands")
SOURCE_AGE: Final = Family(
    "juanzong_source_success_age_seconds",
    "Since the last full reading of a source, or since it was registered; not of sources that people deliver",
    ("source",),
)
SOURCE_FAILING: Final = Family("juanzong_source_failing", "1 where the last reading of a source failed", ("source",))
SOURCE_REFUSED: Final = Family("juanzong_source_refused", "Documents of a source that were refused", ("source",))
SOURCE_GONE: Final = Family("juanzong_source_gone", "Documents that a source no longer gives", ("source",))

FAMILIES: Final = (
    BUILD,
    UP,
    PROBE,
    RECORDS,
    VOLUMES,
    WAITING,
    WAITING_AGE,
    RETURNED,
    OUTCOMES,
    MILLISECONDS,
    JOBS,
    JOBS_AGE,
    JOBS_FAILING,
    INDEX_LAG,
    LEDGER,
    LEDGER_LAG,
    CHECKPOINT_AGE,
    SOURCE_AGE,
    SOURCE_FAILING,
    SOURCE_REFUSED,
    SOURCE_GONE,
)
