"""Reconciliation: runs, what each side had by data set and day, differences; first and last failure of a job."""

import sqlalchemy as sa
from alembic import op

from archive.db.base import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconciliation_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation_run"),
    )
    op.create_index("ix_reconciliation_run_source_started", "reconciliation_run", ["source", "started"])
    op.create_table(
        "reconciliation_bucket",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("data_set", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("their_count", sa.BigInteger(), nullable=False),
        sa.Column("their_bytes", sa.BigInteger(), nullable=False),
        sa.Column("our_count", sa.BigInteger(), nullable=False),
        sa.Column("our_bytes", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run", "data_set", "day", name="pk_reconciliation_bucket"),
    )
    op.create_table(
        "reconciliation_difference",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("data_set", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("theirs", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ours", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("found", Moment(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation_difference"),
        sa.UniqueConstraint(
            "source", "external_id", "kind", name="uq_reconciliation_difference_source_external_id_kind"
        ),
    )
    op.create_index("ix_reconciliation_difference_state_source", "reconciliation_difference", ["state", "source"])
    op.create_index("ix_reconciliation_difference_source_run", "reconciliation_difference", ["source", "run"])
    op.add_column("jobs_job", sa.Column("first_failed", Moment(), nullable=True))
    op.add_column("jobs_job", sa.Column("last_failed", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs_job", "last_failed")
    op.drop_column("jobs_job", "first_failed")
    op.drop_table("reconciliation_difference")
    op.drop_table("reconciliation_bucket")
    op.drop_table("reconciliation_run")
