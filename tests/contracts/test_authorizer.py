"""What every authorizer keeps to, asked of the policy behind Casbin and of its in-memory twin."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from access_control.authorizer import PolicyAuthorizer
from access_control.memory import PUBLISHED, AllowList
from access_control.rules import PolicyRules, default_rows
from access_control.standing import FixedStanding
from access_control.types import Grant, Role
from archive.authorization import (
    PUBLIC_ACTOR,
    SYSTEM_ACTOR,
    AccessLevel,
    Actor,
    Authorizer,
    Clause,
    Permission,
    Subject,
)
from archive.clock import FixedClock
from archive.errors import ArchiveError, Forbidden, NotAuthenticated, NotFound
from archive.messages import catalogue

NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
ARCHIVIST = Actor(id="acc_1", name="archivist")
AUDITOR = Actor(id="acc_2", name="auditor")
STRANGER = Actor(id="acc_9", name="stranger")
UNSEALED = frozenset(AccessLevel) - {AccessLevel.SEALED}

HERE = Subject(region="370102", level=AccessLevel.INTERNAL, released_from=None, settled=False)
SEALED = Subject(region="370102", level=AccessLevel.SEALED, released_from=None, settled=True)
ELSEWHERE = Subject(region="360000", level=AccessLevel.INTERNAL, released_from=None, settled=True)
PUBLISHED_HERE = Subject(region="370102", level=AccessLevel.PUBLIC, released_from=NOW, settled=True)
NOT_YET = Subject(
    region="370102", level=AccessLevel.PUBLIC, released_from=NOW + timedelta(microseconds=1), settled=True
)
UNSETTLED = Subject(region="370102", level=AccessLevel.PUBLIC, released_from=NOW, settled=False)
SUBJECTS = (HERE, SEALED, ELSEWHERE, PUBLISHED_HERE, NOT_YET, UNSETTLED)


def policy() -> Authorizer:
    grants = {
        ARCHIVIST.id: (Grant(Role.ARCHIVIST, "370100"),),
        AUDITOR.id: (Grant(Role.AUDITOR, "370000"),),
    }
    return PolicyAuthorizer(FixedStanding(PolicyRules.from_rows(1, default_rows()), grants), FixedClock(NOW))


def twin() -> Authorizer:
    city = (Clause(regions=("3701",), levels=frozenset(AccessLevel), released_only=False),)
    city_open = (Clause(regions=("3701",), levels=UNSEALED, released_only=False),)
    land = (Clause(regions=("",), levels=frozenset(AccessLevel), released_only=False),)
    return AllowList(
        FixedClock(NOW),
        {
            ARCHIVIST.id: {
                Permission.RECORD_LIST: city,
                Permission.RECORD_READ: city,
                Permission.RECORD_OPEN: city_open,
                Permission.LEDGER_READ: city,
            },
            AUDITOR.id: {Permission.LEDGER_READ: land},
            SYSTEM_ACTOR.id: {Permission.RECORD_LIST: land, Permission.RECORD_READ: land},
            PUBLIC_ACTOR.id: {
                Permission.RECORD_LIST: (PUBLISHED,),
                Permission.RECORD_READ: (PUBLISHED,),
                Permission.RECORD_OPEN: (PUBLISHED,),
            },
        },
    )


@pytest.fixture(params=[policy, twin], ids=["policy", "twin"])
def authorizer(request: pytest.FixtureRequest) -> Authorizer:
    make: Callable[[], Authorizer] = request.param
    return make()


@pytest.mark.parametrize(
    ("actor", "permission", "subject", "reason"),
    [
        (ARCHIVIST, Permission.RECORD_READ, HERE, "allowed-by-role"),
        (ARCHIVIST, Permission.RECORD_READ, SEALED, "allowed-by-role"),
        (ARCHIVIST, Permission.RECORD_OPEN, SEALED, "denied-sealed"),
        (ARCHIVIST, Permission.RECORD_READ, ELSEWHERE, "denied-region"),
        (ARCHIVIST, Permission.POLICY_MANAGE, None, "denied-no-role"),
        (ARCHIVIST, Permission.LEDGER_READ, None, "allowed-by-role"),
        (AUDITOR, Permission.LEDGER_READ, None, "allowed-by-role"),
        (AUDITOR, Permission.RECORD_LIST, PUBLISHED_HERE, "denied-no-role"),
        (STRANGER, Permission.RECORD_LIST, PUBLISHED_HERE, "denied-account"),
        (SYSTEM_ACTOR, Permission.RECORD_READ, SEALED, "allowed-by-role"),
        (PUBLIC_ACTOR, Permission.RECORD_OPEN, PUBLISHED_HERE, "allowed-by-role"),
        (PUBLIC_ACTOR, Permission.RECORD_OPEN, NOT_YET, "denied-not-released"),
        (PUBLIC_ACTOR, Permission.RECORD_OPEN, UNSETTLED, "denied-not-released"),
        (PUBLIC_ACTOR, Permission.RECORD_READ, HERE, "denied-level"),
        (PUBLIC_ACTOR, Permission.RECORD_LIST, SEALED, "denied-sealed"),
        (PUBLIC_ACTOR, Permission.RECORD_LIST, None, "allowed-by-role"),
        (PUBLIC_ACTOR, Permission.STATUS_READ, None, "denied-no-role"),
    ],
)
def test_every_decision_says_why(
    authorizer: Authorizer, actor: Actor, permission: Permission, subject: Subject | None, reason: str
) -> None:
    decision = authorizer.decide(actor, permission, subject)
    assert decision.reason == reason
    assert decision.allowed == (reason == "allowed-by-role")
    assert reason in catalogue()


@pytest.mark.parametrize("actor", [ARCHIVIST, AUDITOR, STRANGER, PUBLIC_ACTOR, SYSTEM_ACTOR], ids=lambda a: a.name)
def test_the_scope_holds_exactly_what_is_allowed(authorizer: Authorizer, actor: Actor) -> None:
    for permission in Permission:
        scope = authorizer.scope(actor, permission)
        assert (scope.actor, scope.now) == (actor, NOW)
        assert bool(scope.clauses) == authorizer.decide(actor, permission).allowed
        for subject in SUBJECTS:
            assert scope.admits(subject) == authorizer.decide(actor, permission, subject).allowed


@pytest.mark.parametrize(
    ("actor", "permission", "subject", "error", "code"),
    [
        (ARCHIVIST, Permission.RECORD_READ, ELSEWHERE, NotFound, "not-in-scope"),
        (ARCHIVIST, Permission.RECORD_OPEN, SEALED, Forbidden, "denied-sealed"),
        (ARCHIVIST, Permission.POLICY_MANAGE, None, Forbidden, "denied-no-role"),
        (AUDITOR, Permission.RECORD_OPEN, PUBLISHED_HERE, NotFound, "not-in-scope"),
        (STRANGER, Permission.LEDGER_READ, None, Forbidden, "denied-account"),
        (PUBLIC_ACTOR, Permission.RECORD_READ, HERE, NotFound, "not-in-scope"),
        (PUBLIC_ACTOR, Permission.EVIDENCE_BUILD, PUBLISHED_HERE, NotAuthenticated, "login-required"),
        (PUBLIC_ACTOR, Permission.REVIEW_LIST, None, NotAuthenticated, "login-required"),
    ],
)
def test_absence_comes_before_refusal(
    authorizer: Authorizer,
    actor: Actor,
    permission: Permission,
    subject: Subject | None,
    error: type[ArchiveError],
    code: str,
) -> None:
    with pytest.raises(error) as caught:
        authorizer.require(actor, permission, subject)
    assert caught.value.code == code
    assert "{" not in caught.value.message("zh") + caught.value.message("en")


def test_what_is_allowed_passes_in_silence(authorizer: Authorizer) -> None:
    authorizer.require(ARCHIVIST, Permission.RECORD_OPEN, HERE)
    authorizer.require(PUBLIC_ACTOR, Permission.RECORD_OPEN, PUBLISHED_HERE)
    assert authorizer.decide(ARCHIVIST, Permission.RECORD_OPEN, HERE).allowed


def test_readers_who_depend_on_the_release_get_the_public_copy(authorizer: Authorizer) -> None:
    assert authorizer.scope(PUBLIC_ACTOR, Permission.RECORD_LIST).redacted
    assert not authorizer.scope(ARCHIVIST, Permission.RECORD_LIST).redacted


def test_whoever_is_anonymous_is_the_public_whatever_the_id_says(authorizer: Authorizer) -> None:
    for claimed in (ARCHIVIST.id, SYSTEM_ACTOR.id):
        impostor = Actor(id=claimed, name="system", anonymous=True)
        scope = authorizer.scope(impostor, Permission.RECORD_READ)
        assert scope.clauses == authorizer.scope(PUBLIC_ACTOR, Permission.RECORD_READ).clauses
        assert scope.redacted
        assert not authorizer.decide(impostor, Permission.RECORD_READ, HERE).allowed


def test_a_person_called_system_is_not_the_system(authorizer: Authorizer) -> None:
    impostor = Actor(id="acc_9", name="system")
    assert authorizer.decide(impostor, Permission.RECORD_READ, HERE).reason == "denied-account"
    assert authorizer.scope(impostor, Permission.RECORD_READ).clauses == ()
