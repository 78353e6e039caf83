"""The gate between checked and filed: opens only when everything that must hold has been seen to hold.

A policy says for each check whether it blocks, asks a person or warns, and whether it must speak of the item, of every
component or of both. What must be covered and is not, because a check was removed, broke or had no scanner to ask,
counts like a failure: the absence of a result is never a pass.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources

from ingest.checks.types import CheckResult, Nature, Outcome

_GOOD = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
MISSING = "check-missing"


class Action(StrEnum):
    """What an outcome that is not good does: close the gate, put the item before a person, or leave a note."""

    BLOCK = "block"
    ASK = "ask"
    WARN = "warn"


class Cover(StrEnum):
    """What a check must speak of."""

    ITEM = "item"
    COMPONENT = "component"


@dataclass(frozen=True)
class Rule:
    """What follows from one check. `reasons` overrides `action` for single reason codes."""

    nature: Nature
    action: Action
    covers: frozenset[Cover]
    reasons: Mapping[str, Action] = field(default_factory=dict)

    def action_for(self, reason: str | None) -> Action:
        """The action for an outcome with this reason."""
        return self.reasons.get(reason, self.action) if reason else self.action


@dataclass(frozen=True)
class Policy:
    """A centre's rules for the gate, as data. A result of a check that it does not name blocks.

    `version` names the rules, `accepted` are MIME types, `title_limit` is in characters.
    """

    version: str
    rules: Mapping[str, Rule]
    accepted: frozenset[str]
    title_limit: int


@dataclass(frozen=True)
class Verdict:
    """What the gate decides. Open only if nothing blocks and nothing waits for a person.

    `blocking` sends the item back to its source, `asks` puts it into the review queue, `warnings` are kept beside it.
    """

    open: bool
    blocking: tuple[CheckResult, ...]
    asks: tuple[CheckResult, ...]
    warnings: tuple[CheckResult, ...]


def gate(results: Iterable[CheckResult], policy: Policy, components: Collection[str]) -> Verdict:
    """Decide. `components` are the ids of every component of the item, which the rules may demand to be covered."""
    known = list(results)
    sorted_out: dict[Action, list[CheckResult]] = {action: [] for action in Action}
    for result in [*known, *_missing(known, policy, components)]:
        if result.outcome in _GOOD:
            continue
        rule = policy.rules.get(result.code)
        sorted_out[rule.action_for(result.reason_code) if rule else Action.BLOCK].append(result)
    blocking, asks = tuple(sorted_out[Action.BLOCK]), tuple(sorted_out[Action.ASK])
    return Verdict(not blocking and not asks, blocking, asks, tuple(sorted_out[Action.WARN]))


def _missing(results: list[CheckResult], policy: Policy, components: Collection[str]) -> Iterable[CheckResult]:
    said = {(result.code, result.component) for result in results}
    for code, rule in policy.rules.items():
        wanted: list[str | None] = [None] if Cover.ITEM in rule.covers else []
        wanted += sorted(components) if Cover.COMPONENT in rule.covers else []
        for component in wanted:
            if (code, component) not in said:
                params = {"check": code}
                yield CheckResult(
                    code, rule.nature, component, Outcome.NOT_CHECKED, MISSING, params, policy.version, 0.0
                )


def parse_policy(text: str) -> Policy:
    """A policy from its TOML.

    Raises:
        ValueError: it is no such policy.
    """
    document = tomllib.loads(text)
    try:
        rules = {code: _rule(table) for code, table in document["rules"].items()}
        accepted = frozenset(document["accepted"]["mime"])
        return Policy(str(document["version"]), rules, accepted, int(document["limits"]["title_characters"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a policy of checks: {error}") from error


@cache
def default_policy() -> Policy:
    """The policy that comes with the archive."""
    return parse_policy(resources.files("ingest.checks").joinpath("policy.toml").read_text(encoding="utf-8"))


def _rule(table: Mapping[str, object]) -> Rule:
    covers, reasons = table["covers"], table.get("reasons", {})
    if not isinstance(covers, list) or not covers or not isinstance(reasons, Mapping):
        raise TypeError("covers must list item or component, reasons must be a table")
    return Rule(
        Nature(str(table["nature"])),
        Action(str(table["action"])),
        frozenset(Cover(str(cover)) for cover in covers),
        {str(reason): Action(str(action)) for reason, action in reasons.items()},
    )
