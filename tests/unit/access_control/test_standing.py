"""The policy as it lies in the database: versions, damage, absence."""

import pytest
from sqlalchemy import delete, insert, text, update

from access_control import model
from access_control.repository import AccessRepository
from access_control.rules import PolicyRow
from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, AccessLevel, Actor, Permission, Subject
from archive.errors import Unavailable
from archive.messages import catalogue
from tests.unit.access_control.conftest import World

HERE = Subject(region="370102", level=AccessLevel.INTERNAL, released_from=None, settled=True)


def assert_everything_is_denied(world: World, *actors: Actor) -> None:
    authorizer = world.access.authorizer
    for actor in actors:
        for permission in Permission:
            for subject in (None, HERE):
                decision = authorizer.decide(actor, permission, subject)
                assert (decision.allowed, decision.reason) == (False, "denied-policy-unavailable")
                with pytest.raises(Unavailable, match="policy-unavailable"):
                    authorizer.require(actor, permission, subject)
            with pytest.raises(Unavailable, match="policy-unavailable"):
                authorizer.scope(actor, permission)
    assert "denied-policy-unavailable" in catalogue()


def test_without_a_policy_everything_is_denied_even_to_the_archive_itself(bare: World) -> None:
    assert_everything_is_denied(bare, SYSTEM_ACTOR, PUBLIC_ACTOR)


def test_one_damaged_rule_denies_everything(world: World) -> None:
    archivist = world.service.actor("archivist")
    with world.database.writing() as uow:
        uow.connection.execute(update(model.rule).where(model.rule.c.ordinal == 3).values(v2="record:destroy"))
    assert_everything_is_denied(world, archivist, SYSTEM_ACTOR, PUBLIC_ACTOR)


def test_a_missing_table_denies_everything(world: World) -> None:
    with world.database.writing() as uow:
        uow.connection.execute(text("drop table access_rule"))
    assert_everything_is_denied(world, SYSTEM_ACTOR, PUBLIC_ACTOR)


def test_a_grant_of_an_unknown_role_denies_that_account_everything(world: World) -> None:
    archivist = world.service.actor("archivist")
    with world.database.writing() as uow:
        uow.connection.execute(insert(model.grant).values(account_id=archivist.id, role="king", region="370000"))
    assert_everything_is_denied(world, archivist)
    assert world.access.authorizer.decide(world.service.actor("inspector"), Permission.RECORD_READ, HERE).allowed


def test_a_new_version_holds_from_the_next_question_on(world: World) -> None:
    archivist = world.service.actor("archivist")
    authorizer = world.access.authorizer
    assert authorizer.decide(archivist, Permission.RECORD_READ, HERE).allowed
    with world.database.writing() as uow:
        row = PolicyRow("p", ("archivist", "000000", "record:list", "*", "always"))
        AccessRepository(uow.connection).insert_policy(2, [row])
    assert authorizer.decide(archivist, Permission.RECORD_READ, HERE).reason == "denied-no-role"
    assert authorizer.scope(archivist, Permission.RECORD_READ).clauses == ()
    assert authorizer.decide(archivist, Permission.RECORD_LIST, HERE).allowed


def test_a_grant_taken_away_is_gone_at_the_next_question(world: World) -> None:
    archivist = world.service.actor("archivist")
    with world.database.writing() as uow:
        uow.connection.execute(delete(model.grant).where(model.grant.c.account_id == archivist.id))
    decision = world.access.authorizer.decide(archivist, Permission.RECORD_READ, HERE)
    assert (decision.allowed, decision.reason) == (False, "denied-no-role")


def test_rows_come_back_as_they_were_stored(world: World) -> None:
    rows = (
        PolicyRow("p", ("archivist", "000000", "record:list", "*", "always")),
        PolicyRow("g", ("archivist", "inspector")),
    )
    with world.database.writing() as uow:
        AccessRepository(uow.connection).insert_policy(7, rows)
    with world.database.reading() as connection:
        assert AccessRepository(connection).policy_version() == 7
        assert AccessRepository(connection).policy_rows(7) == rows
