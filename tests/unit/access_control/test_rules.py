from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product

import pytest

from access_control.casbin_policy import CasbinPolicy, Question
from access_control.rules import PolicyRow, PolicyRules, default_rows, rows_from_toml
from access_control.types import ADMINISTRATORS, Role
from archive.authorization import AccessLevel, Permission
from archive.errors import InvalidInput


def row(*values: str) -> PolicyRow:
    return PolicyRow("p", values)


GOOD = row("archivist", "370000", "record:read", "*", "always")


def test_the_default_policy_is_sound_and_names_every_permission() -> None:
    policy = PolicyRules.from_rows(1, default_rows())
    assert {rule.permission for rule in policy.rules} == set(Permission)
    assert {rule.role for rule in policy.rules} == set(Role)


def test_by_default_the_public_sees_only_public_records_once_released() -> None:
    public = [rule for rule in PolicyRules.from_rows(1, default_rows()).rules if rule.role is Role.PUBLIC]
    assert {rule.level for rule in public} == {AccessLevel.PUBLIC}
    assert all(rule.released_only for rule in public)
    assert {rule.permission for rule in public} == {
        Permission.RECORD_LIST,
        Permission.RECORD_READ,
        Permission.RECORD_OPEN,
    }


@pytest.mark.parametrize(
    ("bad", "code", "named"),
    [
        (row("archivist", "370000", "record:destroy", "*", "always"), "policy-rule", "record:destroy"),
        (row("king", "370000", "record:read", "*", "always"), "policy-rule", "king"),
        (row("archivist", "37", "record:read", "*", "always"), "policy-rule", "37"),
        (row("archivist", "３７００００", "record:read", "*", "always"), "policy-rule", "３７００００"),
        (row("archivist", "370000", "record:read", "secret", "always"), "policy-rule", "secret"),
        (row("archivist", "370000", "record:read", "*", "sometimes"), "policy-rule", "sometimes"),
        (row("archivist", "370000", "record:read", "*"), "policy-rule", "4 values"),
        (PolicyRow("x", ("archivist",)), "policy-rule", "x"),
        (PolicyRow("g", ("archivist",)), "policy-rule", "1 values"),
        (row("archivist", "370000", "record:open", "*", "always"), "policy-sealed", "record:open"),
        (row("inspector", "370000", "evidence:build", "sealed", "always"), "policy-sealed", "evidence:build"),
        (row("auditor", "370000", "record:list", "public", "always"), "policy-administrator", "record:list"),
        (PolicyRow("g", ("system_admin", "archivist")), "policy-administrator", "record:read"),
        (PolicyRow("g", ("archivist", "archivist")), "policy-circle", "archivist"),
    ],
)
def test_one_bad_row_makes_the_policy_unusable(bad: PolicyRow, code: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        PolicyRules.from_rows(1, [GOOD, bad])
    assert caught.value.code == code
    assert named in caught.value.message("zh")
    assert named in caught.value.message("en")


def test_a_circle_of_roles_is_refused_however_long() -> None:
    names = ("archivist", "inspector", "public", "archivist")
    links = [PolicyRow("g", pair) for pair in pairwise(names)]
    with pytest.raises(InvalidInput, match="policy-circle"):
        PolicyRules.from_rows(1, [GOOD, *links])


@pytest.mark.parametrize("rows", [[], [PolicyRow("g", ("archivist", "inspector"))]])
def test_a_policy_without_a_rule_is_no_policy(rows: list[PolicyRow]) -> None:
    with pytest.raises(InvalidInput, match="policy-empty"):
        PolicyRules.from_rows(1, rows)


@pytest.mark.parametrize(
    "text", ["rules = 1", "rules = ['x']", "[[rules]]\nrole = 'archivist'", "not toml at all", "", "rules = {a = 1}"]
)
def test_a_policy_file_that_is_none_is_named_as_such(text: str) -> None:
    with pytest.raises(InvalidInput, match="policy-file"):
        rows_from_toml(text)


def test_inheritance_reaches_through_several_roles_in_casbin_too() -> None:
    chain = ("archivist", "inspector", "public")
    links = [PolicyRow("g", pair) for pair in pairwise(chain)]
    policy = PolicyRules.from_rows(1, [row("public", "000000", "record:read", "public", "always"), *links])
    assert policy.roles_of(Role.ARCHIVIST) == {Role.ARCHIVIST, Role.INSPECTOR, Role.PUBLIC}
    assert policy.roles_of(Role.PUBLIC) == {Role.PUBLIC}
    casbin = CasbinPolicy(policy)
    for role in Role:
        question = Question(role, "370000", Permission.RECORD_READ, "370100", AccessLevel.PUBLIC, released=False)
        assert casbin.allows(question) == (role in policy.roles_of(Role.ARCHIVIST))


def test_no_administrator_holds_a_right_over_records_by_default() -> None:
    casbin = CasbinPolicy(PolicyRules.from_rows(1, default_rows()))
    for role in ADMINISTRATORS:
        for permission in (Permission.RECORD_LIST, Permission.RECORD_OPEN, Permission.VOLUME_READ):
            assert not casbin.allows(Question(role, "000000", permission, None, None, released=True))
        assert casbin.allows(Question(role, "000000", Permission.STATUS_READ, None, None, released=True))


def test_many_threads_get_the_answers_that_one_gets() -> None:
    policy = PolicyRules.from_rows(1, default_rows())
    questions = [
        Question(role, "370000", permission, region, AccessLevel.PUBLIC, released=released)
        for role, permission, region, released in product(Role, Permission, ("370100", None), (True, False))
    ]
    casbin = CasbinPolicy(policy)
    expected = [casbin.allows(question) for question in questions]
    assert set(expected) == {True, False}
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(CasbinPolicy(policy).allows, questions * 3)) == expected * 3
