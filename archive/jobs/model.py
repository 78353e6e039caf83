"""The table of jobs."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, text

from archive.db.base import Moment, metadata

job = Table(
    "jobs_job",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("lane", String(8), nullable=False, server_default="light"),
    Column("attempts", Integer, nullable=False),
    Column("due", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("worker", String(64)),
    Column("code", Text),
    Column("message", Text),
    Column("first_failed", Moment),
    Column("last_failed", Moment),
    Index(None, "state", "due"),
    Index(None, "state", "kind", "due"),
    Index(None, "code", "kind", "state"),
    Index(
        "uq_jobs_job_waiting",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
