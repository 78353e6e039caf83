"""The first schema: records, volumes, jobs, ledger, access control, intake."""

import sqlalchemy as sa
from alembic import op

from archive.db.base import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_account")),
        sa.UniqueConstraint("name", name=op.f("uq_access_account_name")),
    )
    op.create_table(
        "access_attempt",
        sa.Column("name_sha256", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("locked_until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name_sha256", name=op.f("pk_access_attempt")),
    )
    op.create_index(op.f("ix_access_attempt_last_at"), "access_attempt", ["last_at"], unique=False)
    op.create_table(
        "access_rule",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("ptype", sa.String(length=8), nullable=False),
        sa.Column("v0", sa.String(length=64), nullable=True),
        sa.Column("v1", sa.String(length=64), nullable=True),
        sa.Column("v2", sa.String(length=64), nullable=True),
        sa.Column("v3", sa.String(length=64), nullable=True),
        sa.Column("v4", sa.String(length=64), nullable=True),
        sa.Column("v5", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("version", "ordinal", name=op.f("pk_access_rule")),
    )
    op.create_table(
        "ingest_arrival",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("raw_sha256", sa.String(length=64), nullable=True),
        sa.Column("first_seen", Moment(), nullable=False),
        sa.Column("last_seen", Moment(), nullable=False),
        sa.Column("checked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", name=op.f("pk_ingest_arrival")),
    )
    op.create_index(op.f("ix_ingest_arrival_status"), "ingest_arrival", ["status"], unique=False)
    op.create_table(
        "ingest_check",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("nature", sa.String(length=16), nullable=False),
        sa.Column("component_id", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "version", "run", "ordinal", name=op.f("pk_ingest_check")),
    )
    op.create_table(
        "ingest_decision",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingest_decision")),
    )
    op.create_index(op.f("ix_ingest_decision_record_id"), "ingest_decision", ["record_id"], unique=False)
    op.create_table(
        "ingest_outcome",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("step_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "version", "step", name=op.f("pk_ingest_outcome")),
    )
    op.create_index(op.f("ix_ingest_outcome_status"), "ingest_outcome", ["status"], unique=False)
    op.create_table(
        "ingest_source",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("connector", sa.String(length=32), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("position", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("last_success", Moment(), nullable=True),
        sa.Column("last_failure", Moment(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ingest_source")),
    )
    op.create_table(
        "jobs_job",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", Moment(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs_job")),
    )
    op.create_index(op.f("ix_jobs_job_state_due"), "jobs_job", ["state", "due"], unique=False)
    op.create_index(
        "uq_jobs_job_waiting",
        "jobs_job",
        ["kind", "key"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "ledger_checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_ledger_entry")),
    )
    op.create_index(
        op.f("ix_ledger_entry_subject_kind_subject_id"), "ledger_entry", ["subject_kind", "subject_id"], unique=False
    )
    op.create_table(
        "ledger_follower",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ledger_follower")),
    )
    op.create_table(
        "ledger_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_ledger_node")),
    )
    op.create_table(
        "records_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("fonds", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published", Moment(), nullable=True),
        sa.Column("class_code", sa.String(length=16), nullable=True),
        sa.Column("doc_type", sa.Text(), nullable=True),
        sa.Column("trade_type", sa.String(length=8), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("released_from", Moment(), nullable=True),
        sa.Column("project_id", sa.String(length=32), nullable=True),
        sa.Column("volume_id", sa.String(length=32), nullable=True),
        sa.Column("item_number", sa.Integer(), nullable=True),
        sa.Column("reference_code", sa.String(length=128), nullable=True),
        sa.Column("settled_version", sa.Integer(), nullable=True),
        sa.Column("settled_title", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_item")),
        sa.UniqueConstraint("reference_code", name=op.f("uq_records_item_reference_code")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_records_item_source_external_id")),
    )
    op.create_index(op.f("ix_records_item_project_id"), "records_item", ["project_id"], unique=False)
    op.create_index(op.f("ix_records_item_published"), "records_item", ["published"], unique=False)
    op.create_index(op.f("ix_records_item_state"), "records_item", ["state"], unique=False)
    op.create_index(op.f("ix_records_item_volume_id"), "records_item", ["volume_id"], unique=False)
    op.create_table(
        "volumes_project",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("deal_code", sa.Text(), nullable=True),
        sa.Column("trade_type", sa.String(length=8), nullable=False),
        sa.Column("fonds", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volumes_project")),
    )
    op.create_index(op.f("ix_volumes_project_code"), "volumes_project", ["code"], unique=False)
    op.create_table(
        "volumes_sequence",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_volumes_sequence")),
    )
    op.create_table(
        "access_grant",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["access_account.id"], name=op.f("fk_access_grant_account_id")),
        sa.PrimaryKeyConstraint("account_id", "role", "region", name=op.f("pk_access_grant")),
    )
    op.create_table(
        "access_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("last_seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["access_account.id"], name=op.f("fk_access_session_account_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_access_session")),
    )
    op.create_index(op.f("ix_access_session_account_id"), "access_session", ["account_id"], unique=False)
    op.create_index(op.f("ix_access_session_expires_at"), "access_session", ["expires_at"], unique=False)
    op.create_table(
        "records_field",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records_item.id"], name=op.f("fk_records_field_record_id")),
        sa.PrimaryKeyConstraint("record_id", "version", "name", name=op.f("pk_records_field")),
    )
    op.create_table(
        "records_grade",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("released_from", Moment(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records_item.id"], name=op.f("fk_records_grade_record_id")),
        sa.PrimaryKeyConstraint("record_id", "version", name=op.f("pk_records_grade")),
    )
    op.create_table(
        "records_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("published", Moment(), nullable=True),
        sa.Column("captured_at", Moment(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("hints", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records_item.id"], name=op.f("fk_records_version_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_version")),
        sa.UniqueConstraint("record_id", "number", name=op.f("uq_records_version_record_id_number")),
    )
    op.create_table(
        "volumes_project_key",
        sa.Column("fonds", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["volumes_project.id"], name=op.f("fk_volumes_project_key_project_id")),
        sa.PrimaryKeyConstraint("fonds", "key", name=op.f("pk_volumes_project_key")),
    )
    op.create_table(
        "volumes_volume",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("section_name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("reference_code", sa.String(length=128), nullable=True),
        sa.Column("retention", sa.String(length=16), nullable=True),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("declared", sa.JSON(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["volumes_project.id"], name=op.f("fk_volumes_volume_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volumes_volume")),
        sa.UniqueConstraint("project_id", "section", name=op.f("uq_volumes_volume_project_id_section")),
        sa.UniqueConstraint("reference_code", name=op.f("uq_volumes_volume_reference_code")),
    )
    op.create_index(op.f("ix_volumes_volume_state"), "volumes_volume", ["state"], unique=False)
    op.create_table(
        "records_component",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version_id", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_bytes", sa.LargeBinary(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.Column("announced_size", sa.Integer(), nullable=True),
        sa.Column("announced_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["records_version.id"], name=op.f("fk_records_component_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records_component")),
        sa.UniqueConstraint("version_id", "ordinal", name=op.f("uq_records_component_version_id_ordinal")),
    )
    op.create_index(op.f("ix_records_component_sha256"), "records_component", ["sha256"], unique=False)
    op.create_table(
        "records_text",
        sa.Column("component_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("extractor", sa.String(length=32), nullable=False),
        sa.Column("extractor_version", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["component_id"], ["records_component.id"], name=op.f("fk_records_text_component_id")),
        sa.PrimaryKeyConstraint("component_id", name=op.f("pk_records_text")),
    )


def downgrade() -> None:
    op.drop_table("records_text")
    op.drop_index(op.f("ix_records_component_sha256"), table_name="records_component")
    op.drop_table("records_component")
    op.drop_index(op.f("ix_volumes_volume_state"), table_name="volumes_volume")
    op.drop_table("volumes_volume")
    op.drop_table("volumes_project_key")
    op.drop_table("records_version")
    op.drop_table("records_grade")
    op.drop_table("records_field")
    op.drop_index(op.f("ix_access_session_expires_at"), table_name="access_session")
    op.drop_index(op.f("ix_access_session_account_id"), table_name="access_session")
    op.drop_table("access_session")
    op.drop_table("access_grant")
    op.drop_table("volumes_sequence")
    op.drop_index(op.f("ix_volumes_project_code"), table_name="volumes_project")
    op.drop_table("volumes_project")
    op.drop_index(op.f("ix_records_item_volume_id"), table_name="records_item")
    op.drop_index(op.f("ix_records_item_state"), table_name="records_item")
    op.drop_index(op.f("ix_records_item_published"), table_name="records_item")
    op.drop_index(op.f("ix_records_item_project_id"), table_name="records_item")
    op.drop_table("records_item")
    op.drop_table("ledger_node")
    op.drop_table("ledger_follower")
    op.drop_index(op.f("ix_ledger_entry_subject_kind_subject_id"), table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_checkpoint")
    op.drop_index(
        "uq_jobs_job_waiting",
        table_name="jobs_job",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(op.f("ix_jobs_job_state_due"), table_name="jobs_job")
    op.drop_table("jobs_job")
    op.drop_table("ingest_source")
    op.drop_index(op.f("ix_ingest_outcome_status"), table_name="ingest_outcome")
    op.drop_table("ingest_outcome")
    op.drop_index(op.f("ix_ingest_decision_record_id"), table_name="ingest_decision")
    op.drop_table("ingest_decision")
    op.drop_table("ingest_check")
    op.drop_index(op.f("ix_ingest_arrival_status"), table_name="ingest_arrival")
    op.drop_table("ingest_arrival")
    op.drop_table("access_rule")
    op.drop_index(op.f("ix_access_attempt_last_at"), table_name="access_attempt")
    op.drop_table("access_attempt")
    op.drop_table("access_account")
