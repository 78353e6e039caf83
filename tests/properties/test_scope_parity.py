"""In scope exactly if allowed: Casbin's answers and the compiled clauses agree on policies nobody thought of."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access_control.authorizer import PolicyAuthorizer
from access_control.rules import CONTENT, PolicyRow, PolicyRules
from access_control.standing import FixedStanding
from access_control.types import ADMINISTRATORS, Grant, Role
from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, AccessLevel, Actor, Clause, Permission, Subject
from archive.clock import FixedClock

NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
PERMISSIONS = (Permission.RECORD_LIST, Permission.RECORD_READ, Permission.RECORD_OPEN)
# A small tree, so that parents, children, siblings and strangers all meet often; 371000 ends in a zero that counts.
REGIONS = ("000000", "370000", "370100", "370102", "371000", "371082", "360000", "420500", "100000")
CONTENT_ROLES = sorted(set(Role) - ADMINISTRATORS)
PERSON = Actor(id="acc_1", name="someone")

regions = st.sampled_from(REGIONS)
subjects = st.builds(
    Subject,
    region=regions,
    level=st.sampled_from(AccessLevel),
    released_from=st.sampled_from([None, NOW - timedelta(days=1), NOW, NOW + timedelta(seconds=1)]),
    settled=st.booleans(),
)
grants = st.lists(st.builds(Grant, st.sampled_from(CONTENT_ROLES), regions), max_size=4).map(tuple)
inheritance = st.lists(
    st.tuples(st.sampled_from(CONTENT_ROLES), st.sampled_from(CONTENT_ROLES))
    .filter(lambda pair: pair[0] < pair[1])  # one direction only: no circle can arise
    .map(lambda pair: PolicyRow("g", (pair[0].value, pair[1].value))),
    max_size=3,
)


@st.composite
def rule_rows(draw: st.DrawFn) -> PolicyRow:
    permission = draw(st.sampled_from(PERMISSIONS))
    levels = [level.value for level in AccessLevel]
    allowed = levels[:-1] if permission in CONTENT else [*levels, "*"]
    return PolicyRow(
        "p",
        (
            draw(st.sampled_from(CONTENT_ROLES)).value,
            draw(regions),
            permission.value,
            draw(st.sampled_from(allowed)),
            draw(st.sampled_from(["always", "released"])),
        ),
    )


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(rule_rows(), min_size=1, max_size=12),
    links=inheritance,
    held=grants,
    seen=st.lists(subjects, min_size=4, max_size=8),
)
def test_in_scope_exactly_if_allowed(
    rows: list[PolicyRow], links: list[PolicyRow], held: tuple[Grant, ...], seen: list[Subject]
) -> None:
    rules = PolicyRules.from_rows(1, [*rows, *links])
    authorizer = PolicyAuthorizer(FixedStanding(rules, {PERSON.id: held}), FixedClock(NOW))
    for actor in (PERSON, PUBLIC_ACTOR, SYSTEM_ACTOR):
        for permission in PERMISSIONS:
            scope = authorizer.scope(actor, permission)
            assert authorizer.decide(actor, permission).allowed == bool(scope.clauses)
            assert_minimal(scope.clauses)
            for subject in seen:
                decision = authorizer.decide(actor, permission, subject)
                assert scope.admits(subject) == decision.allowed, (actor, permission, subject, decision)
                assert decision.allowed == (decision.reason == "allowed-by-role")


def assert_minimal(clauses: tuple[Clause, ...]) -> None:
    """No clause, and no region of a clause, lets in what another already does."""
    ways = [
        (prefix, level, clause.released_only)
        for clause in clauses
        for prefix in clause.regions
        for level in clause.levels
    ]
    for prefix, level, released_only in ways:
        others = [
            other
            for other in ways
            if other != (prefix, level, released_only)
            and other[1] == level
            and prefix.startswith(other[0])
            and (released_only or not other[2])
        ]
        assert not others
    assert len(ways) == len(set(ways))
    assert len({(clause.regions, clause.released_only) for clause in clauses}) == len(clauses)
