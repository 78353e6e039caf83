"""The moment by the database's own clock: the one clock that all hosts of an archive share."""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

_SQLITE = text("select strftime('%Y-%m-%dT%H:%M:%f', 'now')")
_POSTGRESQL = text("select clock_timestamp()")


def now(connection: Connection) -> datetime:
    """The moment in UTC; on PostgreSQL that of the question, not that at which the transaction began."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(_POSTGRESQL).scalar_one()
        return moment.astimezone(UTC)
    return datetime.fromisoformat(str(connection.execute(_SQLITE).scalar_one())).replace(tzinfo=UTC)
