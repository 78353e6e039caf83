"""Tables of the ledger. Entries and nodes are only ever inserted."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from archive.db.base import Moment, WideInteger, metadata

entry = Table(
    "ledger_entry",
    metadata,
    Column("index", WideInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("type", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", String(128), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Index(None, "subject_kind", "subject_id"),
)

node = Table(
    "ledger_node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", WideInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)

checkpoint = Table(
    "ledger_checkpoint",
    metadata,
    Column("size", WideInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

follower = Table(
    "ledger_follower",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", WideInteger, nullable=False),
    Column("at", Moment, nullable=False),
)
