"""Tables of projects, volumes and running numbers."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from archive.db.base import Moment, metadata

project = Table(
    "volumes_project",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("public_name", Text),
    Column("code", Text),
    Column("deal_code", Text),
    Column("trade_type", String(8), nullable=False),
    Column("fonds", String(16), nullable=False),
    Column("region", String(6), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "code"),
)

project_key = Table(
    "volumes_project_key",
    metadata,
    Column("fonds", String(16), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("project_id", String(32), ForeignKey("volumes_project.id"), nullable=False),
)

volume = Table(
    "volumes_volume",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project_id", String(32), ForeignKey("volumes_project.id"), nullable=False),
    Column("section", Text, nullable=False),
    Column("section_name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("ended_on", Date),
    Column("number", Integer),
    Column("reference_code", String(128), unique=True),
    Column("retention", String(16)),
    Column("item_count", Integer, nullable=False),
    Column("missing", JSON, nullable=False),
    Column("declared", JSON, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    UniqueConstraint("project_id", "section"),
    Index(None, "state"),
)

sequence = Table(
    "volumes_sequence",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)
