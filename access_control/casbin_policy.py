"""The only door to Casbin: one policy snapshot, asked about one role, one held region and one subject at a time.

The plain `Enforcer` is used on purpose: the fast one answers "allowed" where a rule has a wildcard in a key column.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import casbin

from access_control.rules import PolicyRow, PolicyRules
from access_control.types import Role
from archive.authorization import AccessLevel, Permission, region_prefix

# Cheap comparisons stand first: a rule that does not match is left before the role is looked up.
_MODEL: Final = """
[request_definition]
r = role, held, region, permission, level, released

[policy_definition]
p = role, region, permission, level, condition

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.permission == p.permission && (p.level == "*" || fits(r.level, p.level)) && \
(p.condition == "always" || r.released) && g(r.role, p.role) && reaches(r.region, r.held, p.region)
"""


@dataclass(frozen=True)
class Question:
    """Whether a holder of `role` in `held` may do `permission` with a subject of this region, level and release.

    `region` and `level` None ask whether there is any subject at all for which the answer is yes.
    """

    role: Role
    held: str
    permission: Permission
    region: str | None
    level: AccessLevel | None
    released: bool


class CasbinPolicy:
    """An enforcer over rules that never change once it is made; safe to ask from several threads.

    Raises:
        InvalidInput: the rules are no usable policy (see `PolicyRules.from_rows`).
    """

    def __init__(self, rules: PolicyRules) -> None:
        self._one_at_a_time = Lock()
        model = casbin.Enforcer.new_model(text=_MODEL)
        self._enforcer = casbin.Enforcer(model, _RowAdapter(rules.rows))
        self._enforcer.add_function("reaches", _reaches)
        self._enforcer.add_function("fits", _fits)

    def allows(self, question: Question) -> bool:
        """Casbin's answer."""
        request = (
            question.role.value,
            question.held,
            question.region,
            question.permission.value,
            None if question.level is None else question.level.value,
            question.released,
        )
        # Casbin parses its matcher for every question, and the parser of Python 3.11 fails with "AST constructor
        # recursion depth mismatch" when several threads are in it.
        with self._one_at_a_time:
            return bool(self._enforcer.enforce(*request))


class _RowAdapter(casbin.Adapter):  # type: ignore[misc]  # casbin has no type information
    """Hands stored rows to Casbin. Nothing is written back: a policy changes by a new version of its rows."""

    def __init__(self, rows: tuple[PolicyRow, ...]) -> None:
        self._rows = rows

    def load_policy(self, model: Any) -> None:
        for row in self._rows:
            model.add_policy(row.ptype[0], row.ptype, list(row.values))


def _reaches(region: str | None, held: str, ruled: str) -> bool:
    """Whether `region` lies below both the region held and the region of the rule; for None, whether any can."""
    one, other = region_prefix(held), region_prefix(ruled)
    if region is None:
        return one.startswith(other) or other.startswith(one)
    return region.startswith(one) and region.startswith(other)


def _fits(level: str | None, ruled: str) -> bool:
    return level is None or level == ruled
