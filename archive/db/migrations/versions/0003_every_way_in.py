"""Every way in: what sources are told, what they state of their documents, since when a document stands as it does."""

import sqlalchemy as sa
from alembic import op

from archive.db.base import Moment

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


def downgrade() -> None:
    op.drop_index("ix_ingest_arrival_source_checked_at", table_name="ingest_arrival")
    op.drop_index("ix_ingest_arrival_source_data_set_day_external_id", table_name="ingest_arrival")
    with op.batch_alter_table("ingest_arrival") as table:
        for name, *_ in _ARRIVAL:
            table.drop_column(name)
    with op.batch_alter_table("ingest_source") as table:
        for name, *_ in _SOURCE:
            table.drop_column(name)
