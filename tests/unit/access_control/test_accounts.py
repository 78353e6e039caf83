import pytest

from access_control.types import EVERYWHERE, Grant, Role
from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, AccessLevel, Permission, Subject
from archive.errors import ArchiveError, Conflict, Forbidden, InvalidInput, NotAuthenticated, NotFound
from archive.ledger.types import EventType
from tests.unit.access_control.conftest import World

PASSWORD = "correct horse battery"
HERE = Subject(region="370102", level=AccessLevel.INTERNAL, released_from=None, settled=True)


def test_a_new_archive_has_an_archivist_and_an_inspector_who_cannot_log_in(world: World) -> None:
    accounts = world.service.accounts(by=SYSTEM_ACTOR)
    assert [(account.name, account.grants, account.has_password) for account in accounts] == [
        ("archivist", (Grant(Role.ARCHIVIST, "370000"),), False),
        ("inspector", (Grant(Role.INSPECTOR, "370000"),), False),
    ]
    for name in ("archivist", "inspector"):
        with pytest.raises(NotAuthenticated, match="login-failed"):
            world.service.authenticate(name, "")


def test_founding_twice_changes_nothing(world: World) -> None:
    before = world.service.accounts(by=SYSTEM_ACTOR)
    world.found("360000")
    assert world.service.accounts(by=SYSTEM_ACTOR) == before
    assert [event.type for event in world.told.events] == [EventType.ACCOUNT_CREATED] * 2


def test_the_actors_of_the_command_line_hold_what_their_accounts_were_granted(world: World) -> None:
    archivist = world.service.actor("archivist")
    assert archivist.name == "archivist"
    assert world.access.authorizer.decide(archivist, Permission.RECORD_READ, HERE).allowed
    assert world.service.actor("public") is PUBLIC_ACTOR
    assert not world.access.authorizer.decide(PUBLIC_ACTOR, Permission.RECORD_READ, HERE).allowed


@pytest.mark.parametrize("name", ["nobody", "system", "", "archivist ", "a\x00b", "\udcff"])
def test_an_actor_there_is_not_is_not_found(world: World, name: str) -> None:
    with pytest.raises(NotFound, match="actor-unknown"):
        world.service.actor(name)


def test_an_account_is_made_granted_and_written_down(world: World) -> None:
    made = world.service.create_account("zhang.san", "张三", Role.INSPECTOR, "370100", PASSWORD, by=SYSTEM_ACTOR)
    assert made.has_password
    assert made in world.service.accounts(by=SYSTEM_ACTOR)
    event = world.told.events[-1]
    assert (event.type, event.actor, event.subject_id) == (EventType.ACCOUNT_CREATED, "system", made.id)
    assert event.body == {"role": "inspector", "region": "370100", "password": True}

    more = world.service.add_grant("zhang.san", Role.ARCHIVIST, "370200", by=SYSTEM_ACTOR)
    assert more.grants == (Grant(Role.ARCHIVIST, "370200"), Grant(Role.INSPECTOR, "370100"))
    assert more in world.service.accounts(by=SYSTEM_ACTOR)
    assert world.told.events[-1].body == {"change": "grant-added", "role": "archivist", "region": "370200"}
    count = len(world.told.events)
    assert world.service.add_grant("zhang.san", Role.ARCHIVIST, "370200", by=SYSTEM_ACTOR) == more
    assert len(world.told.events) == count


@pytest.mark.parametrize("name", ["public", "system", "Zhang", "张三", "1abc", "a", "a" * 33, "a b", "a\n", ""])
def test_names_that_could_be_mistaken_are_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidInput, match="account-name"):
        world.service.create_account(name, "某人", Role.INSPECTOR, "370000", by=SYSTEM_ACTOR)


@pytest.mark.parametrize(
    ("display_name", "role", "region", "code"),
    [
        ("", Role.INSPECTOR, "370000", "account-display-name"),
        ("张\u202e三", Role.INSPECTOR, "370000", "account-display-name"),
        ("张" * 101, Role.INSPECTOR, "370000", "account-display-name"),
        ("张三", Role.PUBLIC, "370000", "role-not-grantable"),
        ("张三", Role.SYSTEM, EVERYWHERE, "role-not-grantable"),
        ("张三", Role.INSPECTOR, "37", "region-code"),
        ("张三", Role.INSPECTOR, "%" * 6, "region-code"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    world: World, display_name: str, role: Role, region: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.service.create_account("zhang", display_name, role, region, by=SYSTEM_ACTOR)
    assert caught.value.code == code
    assert len(world.service.accounts(by=SYSTEM_ACTOR)) == 2


def test_a_name_is_used_once(world: World) -> None:
    with pytest.raises(Conflict, match="account-exists"):
        world.service.create_account("archivist", "另一人", Role.INSPECTOR, "370000", by=SYSTEM_ACTOR)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Role.SYSTEM_ADMIN, Role.AUDITOR),
        (Role.AUDITOR, Role.SECURITY_OFFICER),
        (Role.SECURITY_OFFICER, Role.SYSTEM_ADMIN),
        (Role.AUDITOR, Role.ARCHIVIST),
        (Role.INSPECTOR, Role.SYSTEM_ADMIN),
    ],
)
def test_the_three_administrators_are_three_persons(world: World, first: Role, second: Role) -> None:
    world.service.create_account("zhang", "张三", first, "370000", by=SYSTEM_ACTOR)
    with pytest.raises(Conflict, match="account-roles-exclusive"):
        world.service.add_grant("zhang", second, "360000", by=SYSTEM_ACTOR)
    assert world.service.add_grant("zhang", first, "360000", by=SYSTEM_ACTOR).grants == (
        Grant(first, "360000"),
        Grant(first, "370000"),
    )


def test_only_those_who_manage_accounts_change_them(world: World) -> None:
    archivist = world.service.actor("archivist")
    for by, error in ((archivist, Forbidden), (PUBLIC_ACTOR, NotAuthenticated)):
        with pytest.raises(error):
            world.service.create_account("zhang", "张三", Role.INSPECTOR, "370000", by=by)
        with pytest.raises(error):
            world.service.add_grant("archivist", Role.ARCHIVIST, EVERYWHERE, by=by)
        with pytest.raises(error):
            world.service.set_password("inspector", PASSWORD, by=by)
        with pytest.raises(error):
            world.service.set_disabled("inspector", disabled=True, by=by)
        with pytest.raises(error):
            world.service.accounts(by=by)
    assert len(world.told.events) == 2


def test_a_system_administrator_manages_others_but_not_their_own_rights(world: World) -> None:
    world.service.create_account("root.admin", "系统管理员", Role.SYSTEM_ADMIN, "370000", by=SYSTEM_ACTOR)
    admin = world.service.actor("root.admin")
    world.service.create_account("zhang", "张三", Role.INSPECTOR, "370000", by=admin)
    with pytest.raises(Forbidden, match="account-own-grant"):
        world.service.add_grant("root.admin", Role.SYSTEM_ADMIN, EVERYWHERE, by=admin)
    assert not world.access.authorizer.decide(admin, Permission.RECORD_LIST).allowed


def test_everybody_may_set_their_own_password(world: World) -> None:
    archivist = world.service.actor("archivist")
    world.service.set_password("archivist", PASSWORD, by=archivist)
    assert world.service.authenticate("archivist", PASSWORD)[1].id == archivist.id
    assert world.told.events[-1].body == {"change": "password-set"}
    assert PASSWORD not in repr(world.told.events)


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "archivist-1", "a1" * 101])
def test_a_weak_password_is_refused_and_changes_nothing(world: World, password: str) -> None:
    name = "archivist-1"
    world.service.create_account(name, "档案员", Role.ARCHIVIST, "370000", PASSWORD, by=SYSTEM_ACTOR)
    with pytest.raises(InvalidInput, match="password-weak"):
        world.service.set_password(name, password, by=SYSTEM_ACTOR)
    assert world.service.authenticate(name, PASSWORD)[1].name == name


def test_a_disabled_account_can_do_nothing_until_it_is_opened_again(world: World) -> None:
    archivist = world.service.actor("archivist")
    world.service.set_disabled("archivist", disabled=True, by=SYSTEM_ACTOR)
    assert world.access.authorizer.decide(archivist, Permission.RECORD_READ, HERE).reason == "denied-account"
    assert world.access.authorizer.scope(archivist, Permission.RECORD_READ).clauses == ()
    with pytest.raises(Forbidden, match="account-disabled"):
        world.service.actor("archivist")
    world.service.set_disabled("archivist", disabled=False, by=SYSTEM_ACTOR)
    assert world.access.authorizer.decide(archivist, Permission.RECORD_READ, HERE).allowed


def test_an_act_on_an_account_there_is_not_is_refused(world: World) -> None:
    with pytest.raises(NotFound, match="actor-unknown"):
        world.service.set_password("nobody", PASSWORD, by=SYSTEM_ACTOR)
    with pytest.raises(NotFound, match="actor-unknown"):
        world.service.set_disabled("nobody", disabled=True, by=SYSTEM_ACTOR)
    with pytest.raises(NotFound, match="actor-unknown"):
        world.service.add_grant("nobody", Role.ARCHIVIST, "370000", by=SYSTEM_ACTOR)


def test_a_founding_that_fails_leaves_nothing(bare: World) -> None:
    with pytest.raises(ArchiveError, match="region-code"):
        bare.found("somewhere")
    bare.found()
    assert len(bare.service.accounts(by=SYSTEM_ACTOR)) == 2
