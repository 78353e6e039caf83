"""Policies of checks as a centre sets them: each version once, effective from a date, and tried before it is set."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from archive.authorization import Actor
from archive.clock import Clock
from archive.db.uow import Database
from archive.errors import Conflict, InvalidInput
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from ingest.checks.gate import Policy, Ruling, default_policy, default_text, gate, parse_policy
from ingest.checks.wholeness import require_whole
from ingest.repository import OutcomeRepository
from ingest.verdicts.repository import Connection, PolicyRepository, RunRepository
from ingest.verdicts.types import Run, StoredPolicy, Trial

_LONGEST = 256 << 10
_EXAMPLES = 20


@dataclass(frozen=True)
class PolicyPorts:
    """What policies need. `origin` is the name of the ledger, which stands for the archive as a whole."""

    database: Database
    ledger: LedgerPort
    clock: Clock
    origin: str


class PolicyService:
    """Use cases of whoever is responsible for what counts."""

    def __init__(self, ports: PolicyPorts) -> None:
        self._ports = ports

    def in_force(self) -> tuple[StoredPolicy | None, str]:
        """The policy that holds now with its text; None stands for the one that comes with the archive."""
        with self._ports.database.reading() as connection:
            stored = PolicyRepository(connection).in_force(self._ports.clock.now())
        return stored, default_text() if stored is None else stored.text

    def all(self) -> list[StoredPolicy]:
        """Every policy that was ever set, in the order in which they become effective."""
        with self._ports.database.reading() as connection:
            return PolicyRepository(connection).all()

    def set(self, actor: Actor, text: str, effective_from: datetime, reason: str) -> StoredPolicy:
        """Set a policy that holds from a moment on; what was judged before keeps its ruling until it is checked anew.

        Raises:
            InvalidInput: it is no policy (`check-policy-malformed`), or no reason was given.
            Conflict: its version was given away already (`check-policy-version-taken`), or the moment has passed.
        """
        policy = read_policy(text)
        if not reason.strip():
            raise InvalidInput("check-policy-without-reason", version=policy.version)
        now = self._ports.clock.now()
        # The day is that of the centre, in whose zone the moment is given.
        if effective_from.date() < now.astimezone(effective_from.tzinfo).date():
            raise Conflict("check-policy-in-the-past", effective=effective_from.date().isoformat())
        stored = StoredPolicy(policy.version, effective_from, text, reason.strip(), actor.id, now)
        with self._ports.database.writing() as uow:
            repository = PolicyRepository(uow.connection)
            if policy.version == default_policy().version or repository.get(policy.version) is not None:
                raise Conflict("check-policy-version-taken", version=policy.version)
            before = repository.in_force(now)
            repository.add(stored)
            body: dict[str, JSON] = {
                "policy": "checks",
                "version": policy.version,
                "before": default_policy().version if before is None else before.version,
                "effective_from": effective_from.isoformat(),
                "reason": stored.reason,
            }
            self._ports.ledger.append(
                uow, Event(EventType.POLICY_CHANGED, actor.id, "archive", self._ports.origin, body)
            )
        return stored

    def trial(self, text: str, limit: int) -> Trial:
        """How many of the last `limit` runs over records would come out otherwise; nothing is checked anew or stored.

        A check that the runs did not make yet counts as not checked, as it would at the gate.

        Raises:
            InvalidInput: it is no policy (`check-policy-malformed`).
        """
        policy = read_policy(text)
        changes: Counter[tuple[Ruling, Ruling]] = Counter()
        examples: list[str] = []
        judged = 0
        with self._ports.database.reading() as connection:
            for run, class_code, trade in RunRepository(connection).recent_of_records(limit):
                if run.ruling is None:
                    continue
                judged += 1
                ruling = judge_again(connection, run, policy.narrowed(class_code, trade))
                if ruling is not run.ruling:
                    changes[run.ruling, ruling] += 1
                    examples += [run.subject.id] if len(examples) < _EXAMPLES else []
        return Trial(judged, dict(changes), tuple(examples))


def judge_again(connection: Connection, run: Run, policy: Policy) -> Ruling:
    """The ruling on the stored results of a run under another policy, with what a person accepted taken away."""
    verdict = gate(RunRepository(connection).results(run), policy, run.parts, run.subject.kind, run.phase)
    return verdict.accepting(accepted(connection, run.subject.id, run.subject.version)).ruling


def accepted(connection: Connection, record_id: str, version: int) -> list[object]:
    """The results of checks that a person accepted for a version of a record, each as it was shown."""
    decision = OutcomeRepository(connection).decision(record_id, version, "check")
    shown = decision.choice.get("accepted") if decision is not None else None
    return shown if isinstance(shown, list) else []


def read_policy(text: str) -> Policy:
    """A policy from its TOML, as a centre may set it: it speaks of every check and misspells nothing.

    Raises:
        InvalidInput: it is no such policy (`check-policy-malformed`).
    """
    if len(text) > _LONGEST:
        raise InvalidInput("check-policy-malformed", detail=f"> {_LONGEST} characters")
    try:
        policy = parse_policy(text)
        require_whole(policy)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise InvalidInput("check-policy-malformed", detail=str(error)) from error
    return policy
