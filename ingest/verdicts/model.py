"""Tables of verdicts: runs of checks with their results, policies, tasks for people, reports."""

from sqlalchemy import JSON, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from archive.db.base import Moment, metadata

# Runs of the time before this table have an id made of record, version and number, which is longer than most.
run = Table(
    "check_run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("phase", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("ruling", String(16)),
    Column("ruling_before", String(16)),
    Column("tools", JSON, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("subject_kind", "subject_id", "version", "phase", "number"),
    Index(None, "at"),
    Index(None, "fingerprint"),
)

result = Table(
    "check_result",
    metadata,
    Column("run", String(64), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("code", String(16), nullable=False),
    Column("nature", String(16), nullable=False),
    Column("component_id", String(32)),
    Column("outcome", String(16), nullable=False),
    Column("reason", Text),
    Column("params", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("milliseconds", Float, nullable=False),
)

policy = Table(
    "check_policy",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("effective_from", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)

task = Table(
    "check_task",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("code", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("note", Text, nullable=False),
    Column("actor", String(64)),
    Column("asked_at", Moment, nullable=False),
    Column("answered_at", Moment),
    UniqueConstraint("subject_kind", "subject_id", "phase", "code"),
    Index(None, "state"),
)

report = Table(
    "check_report",
    metadata,
    Column("run", String(64), primary_key=True),
    Column("volume", String(32), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("json_sha256", String(64), nullable=False),
    Column("html_sha256", String(64), nullable=False),
    Column("pdf_sha256", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "volume"),
)
