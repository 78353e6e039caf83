from access_control.clauses import compile_clauses
from access_control.rules import PolicyRow, PolicyRules
from access_control.types import Grant, Role
from archive.authorization import AccessLevel, Clause, Permission

READ = Permission.RECORD_READ
ALL = frozenset(AccessLevel)


def rules(*rows: tuple[str, ...]) -> PolicyRules:
    return PolicyRules.from_rows(1, [PolicyRow("p", row) for row in rows])


def test_a_grant_below_another_adds_nothing() -> None:
    policy = rules(("archivist", "000000", "record:read", "*", "always"))
    held = (Grant(Role.ARCHIVIST, "370100"), Grant(Role.ARCHIVIST, "370000"), Grant(Role.ARCHIVIST, "360000"))
    assert compile_clauses(policy, held, READ) == (Clause(("36", "37"), ALL, released_only=False),)


def test_rule_and_grant_meet_in_the_smaller_region() -> None:
    policy = rules(("archivist", "370100", "record:read", "*", "always"))
    assert compile_clauses(policy, (Grant(Role.ARCHIVIST, "370000"),), READ)[0].regions == ("3701",)
    assert compile_clauses(policy, (Grant(Role.ARCHIVIST, "370102"),), READ)[0].regions == ("370102",)
    assert compile_clauses(policy, (Grant(Role.ARCHIVIST, "370200"),), READ) == ()


def test_the_whole_country_is_the_empty_prefix() -> None:
    policy = rules(("archivist", "000000", "record:read", "*", "always"))
    assert compile_clauses(policy, (Grant(Role.ARCHIVIST, "000000"),), READ) == (
        Clause(("",), ALL, released_only=False),
    )


def test_a_release_condition_vanishes_where_the_same_is_held_without_it() -> None:
    policy = rules(
        ("archivist", "000000", "record:read", "public", "released"),
        ("archivist", "370000", "record:read", "public", "always"),
        ("archivist", "370000", "record:read", "internal", "always"),
    )
    assert compile_clauses(policy, (Grant(Role.ARCHIVIST, "000000"),), READ) == (
        Clause(("",), frozenset({AccessLevel.PUBLIC}), released_only=True),
        Clause(("37",), frozenset({AccessLevel.PUBLIC, AccessLevel.INTERNAL}), released_only=False),
    )
    assert compile_clauses(policy, (Grant(Role.ARCHIVIST, "370100"),), READ) == (
        Clause(("3701",), frozenset({AccessLevel.PUBLIC, AccessLevel.INTERNAL}), released_only=False),
    )


def test_another_permission_or_role_opens_nothing() -> None:
    policy = rules(("archivist", "000000", "record:list", "*", "always"))
    assert compile_clauses(policy, (Grant(Role.ARCHIVIST, "370000"),), READ) == ()
    assert compile_clauses(policy, (Grant(Role.INSPECTOR, "370000"),), Permission.RECORD_LIST) == ()
    assert compile_clauses(policy, (), Permission.RECORD_LIST) == ()
