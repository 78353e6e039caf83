"""The table of pushed messages."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from archive.db.base import Moment, metadata

message = Table(
    "push_message",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("data_no", String(16), nullable=False),
    Column("data_key", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("document", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("operation", String(1), nullable=False),
    Column("shape", String(8), nullable=False),
    Column("natural_key", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("stamp", Moment),
    Column("known_as", Text, nullable=False),
    Column("waiting_for", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Index(None, "document", "place"),
    Index(None, "source", "data_key"),
    Index(None, "source", "known_as"),
    Index(None, "source", "waiting_for"),
    Index(None, "state", "received_at"),
)
