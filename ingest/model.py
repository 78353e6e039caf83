"""Tables of outcomes of steps and decisions of people."""

from sqlalchemy import JSON, Column, Float, Index, Integer, String, Table, Text

from archive.db.base import Moment, metadata

outcome = Table(
    "ingest_outcome",
    metadata,
    Column("record_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("step", String(16), primary_key=True),
    Column("step_version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("code", Text),
    Column("params", JSON, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("milliseconds", Float, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "status"),
    Index(None, "at"),
)

decision = Table(
    "ingest_decision",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("record_id", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("step", String(16), nullable=False),
    Column("choice", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "record_id"),
)
