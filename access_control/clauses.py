"""The same rules, turned round: from "may this role do that here" to "where may it", as clauses that filter a list."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from access_control.rules import PolicyRules
from access_control.types import Grant
from archive.authorization import AccessLevel, Clause, Permission, Subject, region_prefix


@dataclass(frozen=True, order=True)
class _Way:
    """One way in: a region subtree, one level, and whether the record must be released."""

    prefix: str
    level: AccessLevel
    released_only: bool

    def covers(self, other: "_Way") -> bool:
        """Whether everything that `other` lets in comes in here too."""
        return (
            self.level == other.level
            and other.prefix.startswith(self.prefix)
            and (other.released_only or not self.released_only)
        )


def compile_clauses(policy: PolicyRules, grants: Iterable[Grant], permission: Permission) -> tuple[Clause, ...]:
    """The clauses of everything that `grants` allow under `permission`.

    They are minimal: no clause lets in what another already does, no region stands below another of its clause, and
    levels with the same regions share one clause. The order depends on nothing but the content.
    """
    ways = set(_ways(policy, grants, permission))
    needed = [way for way in ways if not any(other != way and other.covers(way) for other in ways)]
    regions: defaultdict[tuple[AccessLevel, bool], set[str]] = defaultdict(set)
    for way in needed:
        regions[way.level, way.released_only].add(way.prefix)
    levels: defaultdict[tuple[tuple[str, ...], bool], set[AccessLevel]] = defaultdict(set)
    for (level, released_only), prefixes in regions.items():
        levels[tuple(sorted(prefixes)), released_only].add(level)
    return tuple(
        Clause(regions=prefixes, levels=frozenset(levels[prefixes, released_only]), released_only=released_only)
        for prefixes, released_only in sorted(levels)
    )


def _ways(policy: PolicyRules, grants: Iterable[Grant], permission: Permission) -> Iterator[_Way]:
    for grant in grants:
        roles = policy.roles_of(grant.role)
        for rule in policy.rules:
            if rule.permission != permission or rule.role not in roles:
                continue
            prefix = _common(region_prefix(grant.region), region_prefix(rule.region))
            if prefix is not None:
                for level in AccessLevel if rule.level is None else (rule.level,):
                    yield _Way(prefix, level, rule.released_only)


def _common(one: str, other: str) -> str | None:
    """The subtree that lies in both, None if they are disjoint."""
    if one.startswith(other):
        return one
    return other if other.startswith(one) else None


def explain_refusal(clauses: Iterable[Clause], subject: Subject | None) -> str:
    """The code that says why none of `clauses` lets `subject` in: the first condition that nothing passes."""
    ways = tuple(clauses)
    if not ways or subject is None:
        return "denied-no-role"
    here = [clause for clause in ways if subject.region.startswith(clause.regions)]
    if not here:
        return "denied-region"
    if not any(subject.level in clause.levels for clause in here):
        return "denied-sealed" if subject.level is AccessLevel.SEALED else "denied-level"
    return "denied-not-released"
