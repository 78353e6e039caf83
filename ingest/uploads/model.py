"""The table of uploads."""

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from archive.db.base import Moment, WideInteger, metadata

upload = Table(
    "ingest_upload",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(32), nullable=False),
    Column("account_name", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("length", WideInteger, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("own_id", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("completed_at", Moment),
    Column("sha256", String(64)),
    Column("external_id", Text),
    Column("record_id", String(32)),
    Column("receipt", String(16)),
    Column("code", Text),
    Column("message", Text),
    Index(None, "account", "created_at"),
    Index(None, "state", "expires_at"),
    Index(None, "source", "name"),
    Index(None, "source", "sha256"),
    Index(None, "source", "external_id"),
)
