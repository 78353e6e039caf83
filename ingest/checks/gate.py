"""The gate between checked and filed: opens only when everything that must hold has been seen to hold.

A policy says for each check whether it blocks, asks a person or warns, and what it must speak of. What must be covered
and is not, because a check was removed, broke or had no scanner to ask, counts like a failure: the absence of a result
is never a pass. A policy is read strictly: a slip of the pen is no open gate.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

from ingest.checks.types import CheckResult, Nature, Phase, SubjectKind
from ingest.outcomes import Outcome

_GOOD = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
NEVER_ACCEPTED = frozenset({"GD-1-14"})
"""What no person accepts and no policy softens: that the bytes are those taken in."""
MISSING = "check-missing"
_PHASES = {"GD": Phase.FILING, "YJ": Phase.TRANSFER, "CQ": Phase.KEEPING}
_TABLES = frozenset({"version", "limits", "rules", "for"})
_LIMITS = frozenset({"title_characters"})
_WORDS = frozenset({"nature", "action", "covers", "reasons", "phase", "not_checked"})
_OVERRIDING = frozenset({"classes", "trades", "phase", "rules"})


class Action(StrEnum):
    """What an outcome that is not good does: close the gate, put the item before a person, or leave a note."""

    BLOCK = "block"
    ASK = "ask"
    WARN = "warn"


class Cover(StrEnum):
    """What a check must speak of: the subject as a whole, named by its kind, or every component of an item."""

    ITEM = "item"
    COMPONENT = "component"
    VOLUME = "volume"
    PACKAGE = "package"
    SYSTEM = "system"


class Ruling(StrEnum):
    """A verdict in one word: it may go on, a person decides, or it goes back."""

    ACCEPT = "accept"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Rule:
    """What follows from one check in its phase.

    `reasons` overrides everything for single reason codes; `not_checked`, where it is given, overrides `action` for
    whatever was not checked.
    """

    nature: Nature
    action: Action
    covers: frozenset[Cover]
    reasons: Mapping[str, Action] = field(default_factory=dict)
    phase: Phase = Phase.FILING
    not_checked: Action | None = None

    def action_for(self, outcome: Outcome, reason: str | None) -> Action:
        """The action for an outcome with this reason."""
        usual = self.not_checked if outcome is Outcome.NOT_CHECKED and self.not_checked is not None else self.action
        return self.reasons.get(reason, usual) if reason else usual


@dataclass(frozen=True)
class Override:
    """Other rules for some classes or trades. `classes` are patterns such as `GC.06*`; what is empty admits all.

    A record whose class nobody knows yet is in none that names classes; the same for trades.
    """

    classes: tuple[str, ...]
    trades: tuple[str, ...]
    rules: Mapping[str, Rule]

    def admits(self, class_code: str | None, trade: str | None) -> bool:
        """Whether it speaks of documents of this class and trade letter."""
        return _admits(self.classes, class_code) and _admits(self.trades, trade)


@dataclass(frozen=True)
class Policy:
    """A centre's rules for the gate, as data. A result of a check that it does not name blocks.

    `version` names the rules, `title_limit` is in characters. Of `overrides` that admit the
    same document the last one that names a check counts.
    """

    version: str
    rules: Mapping[str, Rule]
    title_limit: int
    overrides: tuple[Override, ...] = ()

    def narrowed(self, class_code: str | None, trade: str | None) -> "Policy":
        """The policy as it stands for documents of one class and trade letter, each None where nobody knows it yet."""
        rules = dict(self.rules)
        for override in self.overrides:
            if override.admits(class_code, trade):
                rules |= override.rules
        return replace(self, rules=rules, overrides=())


@dataclass(frozen=True)
class Verdict:
    """What the gate decides. Open only if nothing blocks and nothing waits for a person.

    `blocking` sends the item back to its source, `asks` puts it into the review queue, `warnings` are kept beside it.
    """

    open: bool
    blocking: tuple[CheckResult, ...]
    asks: tuple[CheckResult, ...]
    warnings: tuple[CheckResult, ...]

    @property
    def ruling(self) -> Ruling:
        """The verdict in one word."""
        if self.open:
            return Ruling.ACCEPT
        return Ruling.REFUSE if self.blocking else Ruling.ASK

    def accepting(self, accepted: Iterable[object]) -> "Verdict":
        """What is left when everything is taken away that a person accepted, each as `named` gave it.

        That the bytes are not those taken in can be accepted by nobody.
        """
        known = {_key(each) for each in accepted if isinstance(each, Mapping)}

        def left(results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
            return tuple(each for each in results if each.code in NEVER_ACCEPTED or _key(named(each)) not in known)

        blocking, asks = left(self.blocking), left(self.asks)
        return Verdict(not blocking and not asks, blocking, asks, self.warnings)


def named(result: CheckResult) -> dict[str, object]:
    """A result as it is put before a person, and recognised again afterwards."""
    return {
        "check": result.code,
        "component": result.component,
        "outcome": str(result.outcome),
        "reason": result.reason_code,
        "params": dict(result.params),
    }


def gate(
    results: Iterable[CheckResult],
    policy: Policy,
    components: Collection[str],
    subject: SubjectKind = SubjectKind.ITEM,
    phase: Phase = Phase.FILING,
) -> Verdict:
    """Decide. `components` are the ids of every component of the item, which the rules may demand to be covered.

    Only rules of this `phase` that cover this kind of subject demand anything.
    """
    known = list(results)
    wanted = {code: rule for code, rule in policy.rules.items() if rule.phase is phase}
    sorted_out: dict[Action, list[CheckResult]] = {action: [] for action in Action}
    for result in [*known, *_missing(known, wanted, components, subject, policy.version)]:
        if result.outcome in _GOOD:
            continue
        rule = policy.rules.get(result.code)
        action = rule.action_for(result.outcome, result.reason_code) if rule else Action.BLOCK
        sorted_out[action].append(result)
    blocking, asks = tuple(sorted_out[Action.BLOCK]), tuple(sorted_out[Action.ASK])
    return Verdict(not blocking and not asks, blocking, asks, tuple(sorted_out[Action.WARN]))


def _missing(
    results: list[CheckResult],
    rules: Mapping[str, Rule],
    components: Collection[str],
    subject: SubjectKind,
    version: str,
) -> Iterable[CheckResult]:
    said = {(result.code, result.component) for result in results}
    for code, rule in rules.items():
        wanted: list[str | None] = [None] if Cover(subject.value) in rule.covers else []
        if subject is SubjectKind.ITEM and Cover.COMPONENT in rule.covers:
            wanted += sorted(components)
        for component in wanted:
            if (code, component) not in said:
                params = {"check": code}
                yield CheckResult(
                    code, rule.nature, component, Outcome.NOT_CHECKED, MISSING, params, version, 0.0, phase=rule.phase
                )


def _admits(patterns: tuple[str, ...], value: str | None) -> bool:
    return not patterns or (value is not None and any(fnmatchcase(value, pattern) for pattern in patterns))


def _key(each: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(each.get(name) for name in ("check", "component", "outcome", "reason"))


def parse_policy(text: str) -> Policy:
    """A policy from its TOML.

    Raises:
        ValueError: it is no such policy; a word that nobody knows counts as well.
    """
    document = tomllib.loads(text)
    try:
        _only(document, _TABLES)
        rules = {code: _rule(code, table) for code, table in document["rules"].items()}
        overrides = tuple(_override(table, rules) for table in document.get("for", ()))
        _only(document["limits"], _LIMITS)
        limit = int(document["limits"]["title_characters"])
        return Policy(str(document["version"]), rules, limit, overrides)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a policy of checks: {error}") from error


@cache
def default_text() -> str:
    """The policy that comes with the archive, as it is written."""
    return resources.files("ingest.checks").joinpath("policy.toml").read_text(encoding="utf-8")


@cache
def default_policy() -> Policy:
    """The policy that comes with the archive."""
    return parse_policy(default_text())


def _rule(code: str, table: Mapping[str, object]) -> Rule:
    _only(table, _WORDS)
    covers = table["covers"]
    if not isinstance(covers, list) or not covers:
        raise TypeError(f"{code}: covers must list item, component, volume, package or system")
    given = table.get("phase")
    phase = Phase(str(given)) if given is not None else _PHASES.get(code.partition("-")[0], Phase.FILING)
    return Rule(
        Nature(str(table["nature"])),
        Action(str(table["action"])),
        frozenset(Cover(str(cover)) for cover in covers),
        _reasons(table),
        phase,
        _not_checked(table),
    )


def _override(table: Mapping[str, object], rules: Mapping[str, Rule]) -> Override:
    """Rules that say only what differs from those of the same check elsewhere; the reasons of both hold."""
    _only(table, _OVERRIDING)
    given, phase = table["rules"], table.get("phase")
    if not isinstance(given, Mapping) or not given:
        raise TypeError("an override must name at least one rule")
    changed: dict[str, Rule] = {}
    for code, words in given.items():
        base = rules[code]
        _only(words, frozenset({"action", "reasons", "not_checked"}))
        if phase is not None and base.phase is not Phase(str(phase)):
            raise TypeError(f"{code} belongs to the phase {base.phase}")
        unchecked = _not_checked(words)
        changed[code] = Rule(
            base.nature,
            Action(str(words.get("action", base.action))),
            base.covers,
            {**base.reasons, **_reasons(words)},
            base.phase,
            base.not_checked if unchecked is None else unchecked,
        )
    return Override(_words(table, "classes"), _words(table, "trades"), changed)


def _words(table: Mapping[str, object], name: str) -> tuple[str, ...]:
    listed = table.get(name, [])
    if not isinstance(listed, list):
        raise TypeError(f"{name} must be a list")
    return tuple(map(str, listed))


def _reasons(table: Mapping[str, object]) -> dict[str, Action]:
    reasons = table.get("reasons", {})
    if not isinstance(reasons, Mapping):
        raise TypeError("reasons must be a table")
    return {str(reason): Action(str(action)) for reason, action in reasons.items()}


def _not_checked(table: Mapping[str, object]) -> Action | None:
    given = table.get("not_checked")
    return None if given is None else Action(str(given))


def _only(table: Mapping[str, object], known: frozenset[str]) -> None:
    strange = sorted(set(table) - known)
    if strange:
        raise TypeError(f"unknown words: {', '.join(strange)}")
