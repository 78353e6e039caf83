"""Every statement about runs of reconciliation, what they counted and what they found."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, insert, select, update

from archive.db.upsert import upsert
from ingest.reconciliation import model
from ingest.reconciliation.comparison import Ours
from ingest.reconciliation.types import Bucket, Difference, DifferenceState, Found, Kind, Run, RunState, Side
from ingest.sources.model import arrival
from ingest.types import ArrivalStatus

_AT_ONCE = 500
UNSETTLED = (DifferenceState.OPEN, DifferenceState.ASKED)
_STANDING = (DifferenceState.OPEN, DifferenceState.ASKED, DifferenceState.ACCEPTED)


class ReconciliationRepository:
    """Rows of reconciliation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ours(self, source: str, after: str, limit: int) -> list[Ours]:
        """Every document of a source that intake remembers, whatever became of it, by id from `after` on."""
        columns = arrival.c
        wanted = (columns.data_set, columns.day, columns.size, columns.digest)
        query = select(columns.external_id, columns.status, columns.first_seen, *wanted)
        query = query.where(columns.source == source, columns.external_id > after)
        rows = self._connection.execute(query.order_by(columns.external_id).limit(limit))
        return [Ours(row[0], ArrivalStatus(row[1]), row[2], Side(*row[3:])) for row in rows]

    def ours_of(self, source: str, external_ids: Sequence[str]) -> dict[str, Ours]:
        """The same for some documents."""
        columns = arrival.c
        wanted = (columns.data_set, columns.day, columns.size, columns.digest)
        query = select(columns.external_id, columns.status, columns.first_seen, *wanted)
        query = query.where(columns.source == source, columns.external_id.in_(external_ids))
        rows = self._connection.execute(query)
        return {row[0]: Ours(row[0], ArrivalStatus(row[1]), row[2], Side(*row[3:])) for row in rows}

    def add_run(self, run: Run, buckets: Iterable[Bucket]) -> None:
        """Store a run and what it counted by data set and day."""
        values = {name: getattr(run, name) for name in run.__dataclass_fields__}
        self._connection.execute(insert(model.run).values(**values))
        rows = [{name: getattr(bucket, name) for name in bucket.__dataclass_fields__} for bucket in buckets]
        for start in range(0, len(rows), _AT_ONCE):
            batch = [row | {"run": run.id} for row in rows[start : start + _AT_ONCE]]
            self._connection.execute(insert(model.bucket), batch)

    def put_found(self, source: str, run: str, found: Sequence[Found], new: Sequence[str], now: datetime) -> None:
        """Keep what a run found: each difference once, with where it stands.

        What was repaired and is found again is open again; what was asked for or accepted stays so unless one of the
        sides says something else by now. `new` has an id for each.
        """
        known = self._known(source, [difference.external_id for difference in found])
        for difference, new_id in zip(found, new, strict=True):
            before = known.get((difference.external_id, difference.kind))
            theirs, ours = _json(difference.theirs), _json(difference.ours)
            data_set, day = difference.counted_under
            values: dict[str, Any] = {
                "run": run,
                "data_set": data_set,
                "day": day,
                "theirs": theirs,
                "ours": ours,
            }
            stays = before is not None and (before.theirs, before.ours) == (theirs, ours)
            if before is None or not (stays and before.state in _STANDING):
                values |= {"state": DifferenceState.OPEN, "reason": None, "actor": None, "at": now}
            if before is None:
                key = {"source": source, "external_id": difference.external_id, "kind": difference.kind}
                statement = upsert(self._connection, model.difference).values(id=new_id, found=now, **key, **values)
                keys = ["source", "external_id", "kind"]
                # Two runs of one source at once find the same: the later one stands.
                self._connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))
            else:
                self._change([before.id], values)

    def _known(self, source: str, external_ids: Sequence[str]) -> dict[tuple[str, Kind], Difference]:
        columns = model.difference.c
        query = select(model.difference).where(columns.source == source, columns.external_id.in_(external_ids))
        found = [_difference(row) for row in self._connection.execute(query).mappings()]
        return {(difference.external_id, difference.kind): difference for difference in found}

    def runs_of_standing(self, source: str) -> list[str]:
        """The runs that last found what still stands of a source, whether they came to their end or not."""
        columns = model.difference.c
        query = select(columns.run).where(columns.source == source, columns.state.in_(_STANDING)).distinct()
        return list(self._connection.execute(query.order_by(columns.run)).scalars())

    def close_unfound(self, source: str, before: Sequence[str], actor: str, now: datetime) -> int:
        """Close what the runs `before` found last and nobody has found since; how many."""
        columns = model.difference.c
        unfound = and_(columns.source == source, columns.run.in_(before), columns.state.in_(_STANDING))
        values = {"state": DifferenceState.REPAIRED, "actor": actor, "at": now}
        return self._connection.execute(update(model.difference).where(unfound).values(**values)).rowcount

    def move(
        self, ids: Sequence[str], state: DifferenceState, actor: str, now: datetime, reason: str | None = None
    ) -> None:
        """Let differences stand otherwise."""
        self._change(ids, {"state": state, "actor": actor, "at": now, "reason": reason})

    def _change(self, ids: Sequence[str], values: Mapping[str, Any]) -> None:
        self._connection.execute(update(model.difference).where(model.difference.c.id.in_(ids)).values(**values))

    def get(self, difference_id: str) -> Difference | None:
        """One difference."""
        query = select(model.difference).where(model.difference.c.id == difference_id)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _difference(row)

    def differences(
        self,
        source: str | None = None,
        states: Sequence[DifferenceState] = UNSETTLED,
        kind: Kind | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[Difference]:
        """Differences that stand so, by id from `after` on."""
        columns = model.difference.c
        query = select(model.difference).where(columns.state.in_(states), columns.id > after)
        query = query if source is None else query.where(columns.source == source)
        query = query if kind is None else query.where(columns.kind == kind)
        rows = self._connection.execute(query.order_by(columns.id).limit(limit)).mappings()
        return [_difference(row) for row in rows]

    def count(self, source: str) -> dict[DifferenceState, int]:
        """How many differences of a source stand how."""
        columns = model.difference.c
        query = select(columns.state, func.count()).where(columns.source == source).group_by(columns.state)
        return {DifferenceState(state): number for state, number in self._connection.execute(query)}

    def runs(self, since: datetime, until: datetime, source: str | None = None) -> list[Run]:
        """Runs that were started from a moment on and before another, in order."""
        columns = model.run.c
        query = select(model.run).where(columns.started >= since, columns.started < until)
        query = query if source is None else query.where(columns.source == source)
        return [_run(row) for row in self._connection.execute(query.order_by(columns.started, columns.id)).mappings()]

    def latest(self, source: str) -> Run | None:
        """The last run of a source."""
        columns = model.run.c
        query = select(model.run).where(columns.source == source).order_by(columns.started.desc(), columns.id.desc())
        row = self._connection.execute(query.limit(1)).mappings().one_or_none()
        return None if row is None else _run(row)

    def buckets(self, run: str, limit: int, *, differing: bool) -> list[Bucket]:
        """What a run counted by data set and day; all, or only where both sides differ."""
        columns = model.bucket.c
        query = select(*(columns[name] for name in Bucket.__dataclass_fields__)).where(columns.run == run)
        query = query.where(columns.differences > 0) if differing else query
        return [
            Bucket(*row) for row in self._connection.execute(query.order_by(columns.data_set, columns.day).limit(limit))
        ]


def _json(side: Side | None) -> dict[str, object] | None:
    return None if side is None else side.as_json()


def _run(row: RowMapping) -> Run:
    values = dict(row)
    return Run(**values | {"state": RunState(values["state"])})


def _difference(row: RowMapping) -> Difference:
    values = dict(row)
    return Difference(**values | {"kind": Kind(values["kind"]), "state": DifferenceState(values["state"])})
