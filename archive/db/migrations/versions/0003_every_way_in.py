"""Every way in: what sources are told, what they state of their documents, since when a document stands as it does."""

import sqlalchemy as sa
from alembic import op

from archive.db.base import Moment, WideInteger

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SOURCE = (
    ("options", sa.JSON(), False, "{}"),
    ("draft", sa.JSON(none_as_null=True), True, None),
    ("previewed", sa.String(length=64), True, None),
    ("region", sa.String(length=6), True, None),
    ("minutes", sa.Integer(), True, None),
    ("paused_at", Moment(), True, None),
    ("last_read", Moment(), True, None),
    ("clock_skew", sa.Float(), True, None),
)
_ARRIVAL = (
    ("since", Moment(), False, None),
    ("tries", sa.Integer(), False, "0"),
    ("data_set", sa.String(length=64), False, ""),
    ("day", sa.Date(), True, None),
    ("revised", Moment(), True, None),
    ("size", sa.BigInteger(), True, None),
    ("digest", sa.Text(), False, ""),
    ("superseded", sa.JSON(), False, "[]"),
)

_UPLOADS_BY = (
    ["account", "created_at"],
    ["state", "expires_at"],
    ["source", "name"],
    ["source", "sha256"],
    ["source", "external_id"],
)

_PUSHED_BY = (
    ["document", "place"],
    ["source", "data_key"],
    ["source", "known_as"],
    ["source", "waiting_for"],
    ["state", "received_at"],
)


def upgrade() -> None:
    with op.batch_alter_table("ingest_source") as table:
        for name, kind, nullable, default in _SOURCE:
            table.add_column(sa.Column(name, kind, nullable=nullable, server_default=default))
    with op.batch_alter_table("ingest_arrival") as table:
        for name, kind, nullable, default in _ARRIVAL:
            # What stands now has stood so since it was last asked about, as far as is known.
            table.add_column(sa.Column(name, kind, nullable=nullable or name == "since", server_default=default))
    op.execute("UPDATE ingest_arrival SET since = checked_at")
    with op.batch_alter_table("ingest_arrival") as table:
        table.alter_column("since", existing_type=Moment(), nullable=False)
    op.create_index(
        "ix_ingest_arrival_source_data_set_day_external_id",
        "ingest_arrival",
        ["source", "data_set", "day", "external_id"],
    )
    op.create_index("ix_ingest_arrival_source_checked_at", "ingest_arrival", ["source", "checked_at"])
    _make_uploads()
    op.create_index("ix_records_item_released_from", "records_item", ["released_from"])
    _make_push()


def _make_push() -> None:
    op.create_table(
        "push_message",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("data_no", sa.String(length=16), nullable=False),
        sa.Column("data_key", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(length=1), nullable=False),
        sa.Column("shape", sa.String(length=8), nullable=False),
        sa.Column("natural_key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment()),
        sa.Column("stamp", Moment()),
        sa.Column("known_as", sa.Text(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_message"),
    )
    for columns in _PUSHED_BY:
        op.create_index("_".join(("ix_push_message", *columns)), "push_message", columns)


def _make_uploads() -> None:
    op.create_table(
        "ingest_upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("account_name", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("length", WideInteger, nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("own_id", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("completed_at", Moment()),
        sa.Column("sha256", sa.String(length=64)),
        sa.Column("external_id", sa.Text()),
        sa.Column("record_id", sa.String(length=32)),
        sa.Column("receipt", sa.String(length=16)),
        sa.Column("code", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_ingest_upload"),
    )
    for columns in _UPLOADS_BY:
        op.create_index("_".join(("ix_ingest_upload", *columns)), "ingest_upload", columns)


def downgrade() -> None:
    op.drop_table("push_message")
    op.drop_index("ix_records_item_released_from", table_name="records_item")
    op.drop_table("ingest_upload")
    op.drop_index("ix_ingest_arrival_source_checked_at", table_name="ingest_arrival")
    op.drop_index("ix_ingest_arrival_source_data_set_day_external_id", table_name="ingest_arrival")
    with op.batch_alter_table("ingest_arrival") as table:
        for name, *_ in _ARRIVAL:
            table.drop_column(name)
    with op.batch_alter_table("ingest_source") as table:
        for name, *_ in _SOURCE:
            table.drop_column(name)
