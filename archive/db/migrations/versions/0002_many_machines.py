"""Many machines: jobs have lanes, sizes and places in the ledger have room on PostgreSQL too."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite's integers have eight bytes already.
_WIDENED = {
    "records_component": ("size", "announced_size"),
    "ledger_entry": ("index",),
    "ledger_node": ("index",),
    "ledger_checkpoint": ("size",),
    "ledger_follower": ("position",),
}


def upgrade() -> None:
    op.add_column("jobs_job", sa.Column("lane", sa.String(length=8), nullable=False, server_default="light"))
    op.create_index("ix_jobs_job_state_kind_due", "jobs_job", ["state", "kind", "due"])
    op.create_index("ix_jobs_job_code_kind_state", "jobs_job", ["code", "kind", "state"])
    op.create_index("ix_ingest_outcome_at", "ingest_outcome", ["at"])
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _WIDENED.items():
            for column in columns:
                op.alter_column(table, column, type_=sa.BigInteger())


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _WIDENED.items():
            for column in columns:
                op.alter_column(table, column, type_=sa.Integer())
    op.drop_index("ix_ingest_outcome_at", table_name="ingest_outcome")
    op.drop_index("ix_jobs_job_code_kind_state", table_name="jobs_job")
    op.drop_index("ix_jobs_job_state_kind_due", table_name="jobs_job")
    op.drop_column("jobs_job", "lane")
