"""The queue of work, and the contract that `tests/contracts/test_jobs.py` runs on every adapter.

A job is a wake-up: a kind and the key of what it is about. It says "look at this", never "do exactly that": what is to
be done is found in the database by whoever takes it. Hence a job may come twice or be lost without harm.

- `enqueue` writes the row in the caller's transaction; while one waits for the same kind and key, no second is added;
- `claim` leases the oldest job that is due to one worker; after the lease has run out anyone may claim it again, and
  one over which every worker allowed to try has died is set aside;
- a worker may keep to some lanes: what takes long in one holds up nobody in another;
- `complete` removes it, with what was set aside for the same kind and key before: that work is done now;
- `retry` puts it back for later, and after the last attempt sets it aside with its reason;
- `postpone` puts it back without counting the attempt: what all work needs was not there, the job is not to blame;
- for one kind and key at most one job is set aside;
- of a job that failed the first and the last time are known, also after it was revived, until the work is done;
- a job enqueued while one of the same kind and key is being worked on runs after it: nothing is missed, and no two
  workers are at the same thing;
- a lease or a rest whose end lies impossibly far ahead, because a clock jumped, counts as over;
- once a lease has run out and somebody else holds the job, what its former holder says of it changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from archive.db.uow import UnitOfWork


class Lane(StrEnum):
    """What a job costs: `light` a notice, `heavy` a recording of hours, `sync` the reading of a whole source."""

    LIGHT = "light"
    HEAVY = "heavy"
    SYNC = "sync"


ALL_LANES = frozenset(Lane)


@dataclass(frozen=True)
class Job:
    """A leased piece of work. `attempt` counts from 1; `worker` holds it."""

    id: str
    kind: str
    key: str
    attempt: int
    worker: str = ""


@dataclass(frozen=True)
class FailedJob:
    """A job that was tried as often as allowed, with the code and sentence of its last failure.

    `first_failed` and `last_failed` are None only for what failed before they were remembered.
    """

    kind: str
    key: str
    attempts: int
    code: str
    message: str
    first_failed: datetime | None = None
    last_failed: datetime | None = None


def pause_after(attempt: int) -> timedelta:
    """How long a job waits after attempt number `attempt`: a second, twice as long each time, at most an hour.

    A source that is down gets rest, a passing fault costs little.
    """
    return timedelta(seconds=min(2 ** min(attempt - 1, 12), 3600))


POSTPONED = timedelta(seconds=2)
"""How long a job waits when what it needs does not answer."""


LONGEST_WAIT = timedelta(hours=2)
"""No lease and no rest lasts as long: one that ends later comes from a clock that was wrong."""


class Waker(Protocol):
    """Tells workers elsewhere that there is work. Never needed: whoever looks into the table finds it too."""

    def wake(self, lane: Lane, job_ids: Sequence[str]) -> None:
        """Send a wake-up for each job; one that cannot be sent is dropped without an error."""
        ...


class JobQueue(Protocol):
    """Durable, leased work."""

    def enqueue(
        self, uow: UnitOfWork, kind: str, key: str, *, due: datetime | None = None, lane: Lane = Lane.LIGHT
    ) -> None:
        """Ask for work once the transaction has committed, not before `due`."""
        ...

    def claim(self, worker: str, kinds: frozenset[str] | None = None, lanes: frozenset[Lane] = ALL_LANES) -> Job | None:
        """Lease the next job that is due, or None where nothing is."""
        ...

    def take(self, worker: str, job_id: str) -> Job | None:
        """Lease this job if it is due; None where it is done, held by another or not due: a wake-up may come late."""
        ...

    def heartbeat(self, job: Job) -> None:
        """Extend the lease of a job still being worked on."""
        ...

    def complete(self, job: Job) -> None:
        """The work is done."""
        ...

    def retry(self, job: Job, code: str, message: str) -> bool:
        """The work failed and may succeed later. False if it was the last attempt: the job is set aside."""
        ...

    def postpone(self, job: Job, code: str, message: str) -> None:
        """What the work needs does not answer: try it again soon, as if it had not been tried."""
        ...

    def set_aside(self, job: Job, code: str, message: str) -> None:
        """The work failed and will fail again: keep it with its reason until somebody revives it."""
        ...

    def revive(self, code: str | None = None, kind: str | None = None, key: str | None = None) -> int:
        """Put what was set aside back into the queue, all or those with this code, kind and key; how many."""
        ...

    def pending(self) -> int:
        """Jobs that wait or are leased, set aside ones not counted."""
        ...

    def failed(self) -> list[FailedJob]:
        """What was set aside."""
        ...
