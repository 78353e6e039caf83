"""Tables of sources and of what they showed."""

from sqlalchemy import JSON, BigInteger, Column, Date, Float, Index, Integer, String, Table, Text

from archive.db.base import Moment, metadata

source = Table(
    "ingest_source",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("connector", String(32), nullable=False),
    Column("location", Text, nullable=False),
    Column("position", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_success", Moment),
    Column("last_failure", Moment),
    Column("failure_code", Text),
    Column("failure_message", Text),
    Column("options", JSON, nullable=False),
    Column("draft", JSON(none_as_null=True)),
    Column("previewed", String(64)),
    Column("region", String(6)),
    Column("minutes", Integer),
    Column("paused_at", Moment),
    Column("last_read", Moment),
    Column("clock_skew", Float),
)

arrival = Table(
    "ingest_arrival",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("record_id", String(32)),
    Column("fingerprint", Text, nullable=False),
    Column("code", Text),
    Column("message", Text),
    Column("raw_sha256", String(64)),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("checked_at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("data_set", String(64), nullable=False),
    Column("day", Date),
    Column("revised", Moment),
    Column("size", BigInteger),
    Column("digest", Text, nullable=False),
    Column("superseded", JSON, nullable=False),
    Index(None, "status"),
    Index(None, "source", "data_set", "day", "external_id"),
    Index(None, "source", "checked_at"),
)
