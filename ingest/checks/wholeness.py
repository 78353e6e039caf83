"""Whether a policy that a centre sets speaks of everything: what it leaves out or misspells would open the gate unseen.

A policy that was set is not asked this again: a check that is newer than the policy blocks until a policy names it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from archive.messages import catalogue
from ingest.checks.gate import NEVER_ACCEPTED, Action, Policy, Rule, default_policy
from ingest.checks.items import items

_LONGEST_VERSION: Final = 64
_LONGEST_TITLE: Final = 100_000


def require_whole(policy: Policy) -> None:
    """Find nothing missing and nothing misspelt in a policy.

    Raises:
        ValueError: something is; the message names all of it.
    """
    faults = [*_head(policy), *_rules(policy.rules)]
    for override in policy.overrides:
        if not all(pattern.strip() == pattern != "" for pattern in (*override.classes, *override.trades)):
            faults.append("for: a pattern is blank or has blanks around it")
        for code, rule in override.rules.items():
            faults += _actions(code, rule)
    if faults:
        raise ValueError("; ".join(dict.fromkeys(faults)))


def _head(policy: Policy) -> Iterator[str]:
    version = policy.version
    if version != version.strip() or not version.isprintable() or not 0 < len(version) <= _LONGEST_VERSION:
        yield f"version: 1 to {_LONGEST_VERSION} characters without blanks around them"
    if not 0 < policy.title_limit <= _LONGEST_TITLE:
        yield f"title_characters: 1 to {_LONGEST_TITLE}"


def _rules(rules: Mapping[str, Rule]) -> Iterator[str]:
    known, shipped = items(), default_policy().rules
    strange, missing = sorted(set(rules) - set(known)), sorted(set(known) - set(rules))
    if strange:
        yield f"no such checks: {', '.join(strange)}"
    if missing:
        yield f"checks without a rule: {', '.join(missing)}"
    for code in (code for code in rules if code in known):
        rule, item = rules[code], known[code]
        if rule.nature is not item.nature:
            yield f"{code}: nature is {item.nature}"
        if rule.phase is not item.phase:
            yield f"{code}: phase is {item.phase}"
        if uncovered := sorted(shipped[code].covers - rule.covers):
            yield f"{code}: covers lacks {', '.join(uncovered)}"
        yield from _actions(code, rule)


def _actions(code: str, rule: Rule) -> Iterator[str]:
    unknown = sorted(set(rule.reasons) - set(catalogue()))
    if unknown:
        yield f"{code}: no such reasons: {', '.join(unknown)}"
    actions = {rule.action, *rule.reasons.values(), *([rule.not_checked] if rule.not_checked else [])}
    if code in NEVER_ACCEPTED and actions != {Action.BLOCK}:
        yield f"{code}: always blocks"
