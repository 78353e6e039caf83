"""Verdicts: runs of checks with their results in place of results alone; policies, tasks for people, reports."""

import sqlalchemy as sa
from alembic import op

from archive.db.base import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# What a run of the time before this table was judged by is not known any more, so that policy and fingerprint are
# empty; of the last run of a version the outcome of the step tells the ruling and the moment.
_RUNS = """
insert into check_run
    (id, subject_kind, subject_id, version, phase, number, policy, fingerprint, ruling, ruling_before, tools, parts, at)
select
    kept.record_id || '.' || kept.version || '.' || kept.run, 'item', kept.record_id, kept.version, 'filing', kept.run,
    '', '',
    case
        when kept.run < kept.last_run then null
        when outcome.status = 'done' then 'accept'
        when outcome.status = 'waiting' then 'ask'
        when outcome.status = 'returned' then 'refuse'
    end,
    null, '{}', '[]', coalesce(outcome.at, version.captured_at, item.created_at)
from (
    select distinct each.record_id, each.version, each.run, (
        select max(other.run) from ingest_check other
        where other.record_id = each.record_id and other.version = each.version
    ) as last_run
    from ingest_check each
) kept
join records_item item on item.id = kept.record_id
left join records_version version on version.record_id = kept.record_id and version.number = kept.version
left join ingest_outcome outcome
    on outcome.record_id = kept.record_id and outcome.version = kept.version and outcome.step = 'check'
"""

_RESULTS = """
insert into check_result
    (run, ordinal, code, nature, component_id, outcome, reason, params, evidence, rule_version, tool, milliseconds)
select
    record_id || '.' || version || '.' || run, ordinal, code, nature, component_id, outcome, reason, params, '{}',
    rule_version, '', milliseconds
from ingest_check
"""

_BACK = """
insert into ingest_check
    (record_id, version, run, ordinal, code, nature, component_id, outcome, reason, params, rule_version, milliseconds)
select
    held.subject_id, held.version, held.number, result.ordinal, result.code, result.nature, result.component_id,
    result.outcome, result.reason, result.params, result.rule_version, result.milliseconds
from check_result result join check_run held on held.id = result.run
where held.subject_kind = 'item' and held.phase = 'filing'
"""


def upgrade() -> None:
    _create_runs()
    op.execute(_RUNS)
    op.execute(_RESULTS)
    op.drop_table("ingest_check")
    op.create_table(
        "check_policy",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("effective_from", Moment(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_check_policy"),
    )
    op.create_table(
        "check_task",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=True),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_check_task"),
        sa.UniqueConstraint(
            "subject_kind", "subject_id", "phase", "code", name="uq_check_task_subject_kind_subject_id_phase_code"
        ),
    )
    op.create_index("ix_check_task_state", "check_task", ["state"])
    op.create_table(
        "check_report",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("volume", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("json_sha256", sa.String(length=64), nullable=False),
        sa.Column("html_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("run", name="pk_check_report"),
    )
    op.create_index("ix_check_report_volume", "check_report", ["volume"])


def _create_runs() -> None:
    op.create_table(
        "check_run",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("ruling", sa.String(length=16), nullable=True),
        sa.Column("ruling_before", sa.String(length=16), nullable=True),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_run"),
        sa.UniqueConstraint(
            "subject_kind",
            "subject_id",
            "version",
            "phase",
            "number",
            name="uq_check_run_subject_kind_subject_id_version_phase_number",
        ),
    )
    op.create_index("ix_check_run_at", "check_run", ["at"])
    op.create_index("ix_check_run_fingerprint", "check_run", ["fingerprint"])
    op.create_table(
        "check_result",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("nature", sa.String(length=16), nullable=False),
        sa.Column("component_id", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("run", "ordinal", name="pk_check_result"),
    )


def downgrade() -> None:
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
        sa.PrimaryKeyConstraint("record_id", "version", "run", "ordinal", name="pk_ingest_check"),
    )
    op.execute(_BACK)
    for table in ("check_report", "check_task", "check_policy", "check_result", "check_run"):
        op.drop_table(table)
