"""Tables of records. Versions and components are only ever inserted."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from archive.db.base import Moment, WideInteger, metadata

item = Table(
    "records_item",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("fonds", String(16), nullable=False),
    Column("region", String(6), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Moment),
    Column("class_code", String(16)),
    Column("doc_type", Text),
    Column("trade_type", String(8)),
    Column("stage", Text),
    Column("level", String(16), nullable=False),
    Column("released_from", Moment),
    Column("project_id", String(32)),
    Column("volume_id", String(32)),
    Column("item_number", Integer),
    Column("reference_code", String(128), unique=True),
    Column("settled_version", Integer),
    Column("settled_title", Text),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("source", "external_id"),
    Index(None, "state"),
    Index(None, "project_id"),
    Index(None, "volume_id"),
    Index(None, "published"),
    Index(None, "released_from"),
)

version = Table(
    "records_version",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("record_id", String(32), ForeignKey("records_item.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Moment),
    Column("captured_at", Moment, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("hints", JSON, nullable=False),
    UniqueConstraint("record_id", "number"),
)

grade = Table(
    "records_grade",
    metadata,
    Column("record_id", String(32), ForeignKey("records_item.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("level", String(16), nullable=False),
    Column("released_from", Moment),
    Column("settled", Boolean, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
)

component = Table(
    "records_component",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("version_id", String(32), ForeignKey("records_version.id"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_bytes", LargeBinary),
    Column("media_type", Text, nullable=False),
    Column("code", Text),
    Column("size", WideInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sm3", String(64), nullable=False),
    Column("announced_size", WideInteger),
    Column("announced_sha256", String(64)),
    UniqueConstraint("version_id", "ordinal"),
    Index(None, "sha256"),
)

text = Table(
    "records_text",
    metadata,
    Column("component_id", String(32), ForeignKey("records_component.id"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("extractor", String(32), nullable=False),
    Column("extractor_version", String(16), nullable=False),
)

field = Table(
    "records_field",
    metadata,
    Column("record_id", String(32), ForeignKey("records_item.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("confidence", Float, nullable=False),
)
