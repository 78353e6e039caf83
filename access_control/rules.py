"""The policy as values: which role may do what, where, at which access level. Checked once, where it is loaded.

A policy only ever allows; what no rule allows is denied. Rules come as rows, from the database or from
`policy.toml`, and a row that cannot be understood makes the whole policy unusable: half a policy is no policy.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Self, TypeVar

from access_control.types import ADMINISTRATORS, EVERYWHERE, Role
from archive.authorization import AccessLevel, Permission
from archive.errors import InvalidInput

ANY_LEVEL: Final = "*"
ALWAYS: Final = "always"
RELEASED: Final = "released"

CONTENT: Final = frozenset({Permission.RECORD_OPEN, Permission.EVIDENCE_BUILD})
"""What lays the bytes of a record open. Nobody, archive staff included, may do so while the record is sealed."""

RECORD_RIGHTS: Final = frozenset(
    {
        Permission.RECORD_LIST,
        Permission.RECORD_READ,
        Permission.RECORD_OPEN,
        Permission.REVIEW_LIST,
        Permission.REVIEW_DECIDE,
        Permission.VOLUME_READ,
        Permission.VOLUME_CLOSE,
        Permission.EVIDENCE_BUILD,
    }
)
"""What shows or touches records. None of the three administrators (三员) may hold any of it."""

_FIELDS: Final = {"p": 5, "g": 2}
_Choice = TypeVar("_Choice", Role, Permission, AccessLevel)


@dataclass(frozen=True)
class PolicyRow:
    """A rule as it is stored.

    `p` rows hold role, region, permission, level or `*`, and `always` or `released`; `g` rows hold a role and the role
    whose rights it has too.
    """

    ptype: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join((self.ptype, *self.values))


@dataclass(frozen=True)
class Rule:
    """One thing one role may do. `level` None means every level; `region` holds with everything below it."""

    role: Role
    region: str
    permission: Permission
    level: AccessLevel | None
    released_only: bool


@dataclass(frozen=True)
class PolicyRules:
    """A whole policy of one version. `rows` are what it was read from, `rules` and `parents` what they mean."""

    version: int
    rows: tuple[PolicyRow, ...]
    rules: tuple[Rule, ...]
    parents: Mapping[Role, frozenset[Role]]

    @classmethod
    def from_rows(cls, version: int, rows: Iterable[PolicyRow]) -> Self:
        """Read and check a policy.

        Raises:
            InvalidInput: there is no rule at all; or a row names an unknown role, permission, level or region, opens
                sealed content, gives an administrator rights over records, or closes a circle of roles.
        """
        kept = tuple(rows)
        rules = tuple(_rule(row) for row in kept if row.ptype != "g")
        if not rules:
            raise InvalidInput("policy-empty")
        policy = cls(version, kept, rules, _parents(row for row in kept if row.ptype == "g"))
        policy.check_administrators()
        return policy

    def roles_of(self, role: Role) -> frozenset[Role]:
        """`role` itself and every role whose rights it has too."""
        found: set[Role] = set()
        waiting = [role]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self.parents.get(current, ()))
        return frozenset(found)

    def check_administrators(self) -> None:
        """See that the three administrators stay away from records.

        Raises:
            InvalidInput: one of them has a right over records, directly or through another role.
        """
        for administrator in sorted(ADMINISTRATORS):
            roles = self.roles_of(administrator)
            for rule in self.rules:
                if rule.role in roles and rule.permission in RECORD_RIGHTS:
                    raise InvalidInput("policy-administrator", role=administrator, permission=rule.permission)


def default_rows() -> tuple[PolicyRow, ...]:
    """The role model the archive starts with, from `policy.toml`."""
    return rows_from_toml(resources.files("access_control").joinpath("policy.toml").read_text(encoding="utf-8"))


def rows_from_toml(text: str) -> tuple[PolicyRow, ...]:
    """Rows from a policy file. What the rows mean is checked by `PolicyRules.from_rows`, not here.

    Raises:
        InvalidInput: the text is no TOML, or an entry lacks a key.
    """
    try:
        document = tomllib.loads(text)
        return (*_expanded(document), *_inherited(document))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput("policy-file", detail=f"{type(error).__name__}: {error}") from error


def _expanded(document: Mapping[str, Any]) -> Iterator[PolicyRow]:
    for entry in document["rules"]:
        condition = RELEASED if entry.get("released_only", False) else ALWAYS
        for region in entry.get("regions", [EVERYWHERE]):
            for permission in entry["permissions"]:
                for level in entry.get("levels", [ANY_LEVEL]):
                    yield PolicyRow(
                        "p", tuple(str(value) for value in (entry["role"], region, permission, level, condition))
                    )


def _inherited(document: Mapping[str, Any]) -> Iterator[PolicyRow]:
    for entry in document.get("inherits", []):
        yield PolicyRow("g", (str(entry["role"]), str(entry["from"])))


def _rule(row: PolicyRow) -> Rule:
    _check_shape(row)
    role, region, permission, level, condition = row.values
    if not re.fullmatch(r"[0-9]{6}", region):
        raise InvalidInput("policy-rule", rule=str(row), what=region, expected="GB/T 2260: 000000")
    if condition not in {ALWAYS, RELEASED}:
        raise InvalidInput("policy-rule", rule=str(row), what=condition, expected=f"{ALWAYS}, {RELEASED}")
    rule = Rule(
        role=_choice(Role, role, row),
        region=region,
        permission=_choice(Permission, permission, row),
        level=None if level == ANY_LEVEL else _choice(AccessLevel, level, row),
        released_only=condition == RELEASED,
    )
    if rule.permission in CONTENT and rule.level in {None, AccessLevel.SEALED}:
        raise InvalidInput("policy-sealed", rule=str(row))
    return rule


def _parents(rows: Iterable[PolicyRow]) -> Mapping[Role, frozenset[Role]]:
    parents: dict[Role, frozenset[Role]] = {}
    for row in rows:
        _check_shape(row)
        child, parent = (_choice(Role, value, row) for value in row.values)
        if child in _reachable(parent, parents):
            raise InvalidInput("policy-circle", rule=str(row))
        parents[child] = parents.get(child, frozenset()) | {parent}
    return parents


def _reachable(start: Role, parents: Mapping[Role, frozenset[Role]]) -> set[Role]:
    found = {start}
    for parent in parents.get(start, frozenset()):
        found |= _reachable(parent, parents)
    return found


def _check_shape(row: PolicyRow) -> None:
    if row.ptype not in _FIELDS:
        raise InvalidInput("policy-rule", rule=str(row), what=row.ptype, expected=", ".join(_FIELDS))
    if len(row.values) != _FIELDS[row.ptype]:
        raise InvalidInput(
            "policy-rule", rule=str(row), what=f"{len(row.values)} values", expected=f"{_FIELDS[row.ptype]} values"
        )


def _choice(kind: type[_Choice], value: str, row: PolicyRow) -> _Choice:
    try:
        return kind(value)
    except ValueError as error:
        expected = ", ".join(sorted(kind))
        raise InvalidInput("policy-rule", rule=str(row), what=value, expected=expected) from error
