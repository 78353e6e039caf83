"""Tables of reconciliation."""

from sqlalchemy import JSON, BigInteger, Column, Date, Index, String, Table, Text, UniqueConstraint

from archive.db.base import Moment, metadata

run = Table(
    "reconciliation_run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started", Moment, nullable=False),
    Column("ended", Moment, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("code", Text),
    Column("message", Text),
    Index(None, "source", "started"),
)

# A day that the source does not name is an empty text: it is part of the key.
bucket = Table(
    "reconciliation_bucket",
    metadata,
    Column("run", String(32), primary_key=True),
    Column("data_set", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("their_count", BigInteger, nullable=False),
    Column("their_bytes", BigInteger, nullable=False),
    Column("our_count", BigInteger, nullable=False),
    Column("our_bytes", BigInteger, nullable=False),
    Column("differences", BigInteger, nullable=False),
)

difference = Table(
    "reconciliation_difference",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("run", String(32), nullable=False),
    Column("data_set", String(64), nullable=False),
    Column("day", Date),
    Column("theirs", JSON(none_as_null=True)),
    Column("ours", JSON(none_as_null=True)),
    Column("found", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("actor", String(64)),
    Column("at", Moment, nullable=False),
    UniqueConstraint("source", "external_id", "kind"),
    Index(None, "state", "source"),
    Index(None, "source", "run"),
)
