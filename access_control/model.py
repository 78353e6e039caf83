"""Tables of access control. Rows of a policy version are only ever inserted."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from archive.db.base import Moment, metadata

account = Table(
    "access_account",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

grant = Table(
    "access_grant",
    metadata,
    Column("account_id", String(32), ForeignKey("access_account.id"), primary_key=True),
    Column("role", String(32), primary_key=True),
    Column("region", String(6), primary_key=True),
)

rule = Table(
    "access_rule",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("ptype", String(8), nullable=False),
    *(Column(f"v{number}", String(64)) for number in range(6)),
)

session = Table(
    "access_session",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("account_id", String(32), ForeignKey("access_account.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Index(None, "account_id"),
    Index(None, "expires_at"),
)

# Names are kept as digests: people type passwords into the name field, and attackers type anything at all.
attempt = Table(
    "access_attempt",
    metadata,
    Column("name_sha256", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("locked_until", Moment),
    Index(None, "last_at"),
)
