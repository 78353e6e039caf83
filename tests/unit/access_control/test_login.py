import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import argon2
import pytest
from sqlalchemy import func, select

from access_control import model
from access_control.passwords import Passwords
from access_control.service import LoginLimits
from access_control.wiring import build_access
from archive.authorization import SYSTEM_ACTOR, Actor
from archive.errors import ArchiveError, Forbidden, NotAuthenticated
from archive.ids import SequentialIds
from tests.unit.access_control.conftest import World

PASSWORD = "correct horse battery"


@pytest.fixture
def open_world(world: World) -> World:
    world.service.set_password("archivist", PASSWORD, by=SYSTEM_ACTOR)
    return world


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(ArchiveError) as caught:
        attempt()
    assert "{" not in caught.value.message("zh") + caught.value.message("en")
    return caught.value.code


def test_a_login_gives_a_token_that_names_the_actor(open_world: World) -> None:
    token, account = open_world.service.authenticate("archivist", PASSWORD)
    assert account.name == "archivist"
    assert open_world.service.session(token) == Actor(id=account.id, name="archivist")
    assert open_world.service.session(token + "x") is None
    assert open_world.service.session("") is None


def test_only_the_digest_of_a_token_is_stored(open_world: World) -> None:
    token, _ = open_world.service.authenticate("archivist", PASSWORD)
    with open_world.database.reading() as connection:
        rows = connection.execute(select(model.session)).mappings().all()
        hashes = connection.execute(select(model.account.c.password_hash)).scalars().all()
    assert [row["token_sha256"] for row in rows] == [hashlib.sha256(token.encode()).hexdigest()]
    assert token not in repr(rows)
    assert PASSWORD not in repr(hashes)
    assert next(text for text in hashes if text is not None).startswith("$argon2id$")


def test_two_logins_are_two_sessions_and_one_can_end_alone(open_world: World) -> None:
    first, _ = open_world.service.authenticate("archivist", PASSWORD)
    second, _ = open_world.service.authenticate(" Archivist ", PASSWORD)
    assert first != second
    open_world.service.revoke(first)
    open_world.service.revoke(first)
    assert open_world.service.session(first) is None
    assert open_world.service.session(second) is not None


def test_a_session_lasts_while_it_is_used_but_not_for_ever(open_world: World) -> None:
    token, _ = open_world.service.authenticate("archivist", PASSWORD)
    used = 0
    while open_world.service.session(token) is not None:
        open_world.clock.advance(timedelta(minutes=40))
        used += 1
    assert used == 12  # eight hours


def test_a_session_that_is_not_used_ends(open_world: World) -> None:
    token, _ = open_world.service.authenticate("archivist", PASSWORD)
    open_world.clock.advance(timedelta(minutes=60) - timedelta(microseconds=1))
    assert open_world.service.session(token) is not None
    open_world.clock.advance(timedelta(minutes=60))
    assert open_world.service.session(token) is None


def test_a_new_password_or_a_shut_account_ends_every_session(open_world: World) -> None:
    token, _ = open_world.service.authenticate("archivist", PASSWORD)
    open_world.service.set_password("archivist", "another good one", by=SYSTEM_ACTOR)
    assert open_world.service.session(token) is None
    assert code_of(lambda: open_world.service.authenticate("archivist", PASSWORD)) == "login-failed"
    token, _ = open_world.service.authenticate("archivist", "another good one")
    open_world.service.set_disabled("archivist", disabled=True, by=SYSTEM_ACTOR)
    open_world.service.set_disabled("archivist", disabled=False, by=SYSTEM_ACTOR)
    assert open_world.service.session(token) is None


@pytest.mark.parametrize("name", ["nobody", "inspector", "", "system", "public", "档案员", "a\x00", "\udcff"])
def test_unknown_names_and_accounts_without_password_are_told_the_same(open_world: World, name: str) -> None:
    expected = code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong"))
    assert code_of(lambda: open_world.service.authenticate(name, PASSWORD)) == expected == "login-failed"


@pytest.mark.parametrize("password", ["", "\udcff", PASSWORD + " ", PASSWORD.upper(), "x" * 1_000_000])
def test_a_wrong_password_of_any_kind_is_refused(open_world: World, password: str) -> None:
    assert code_of(lambda: open_world.service.authenticate("archivist", password)) == "login-failed"


def test_a_name_without_an_account_costs_as_much_work_as_one_with(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bool] = []
    matches = Passwords.matches

    def watched(self: Passwords, stored: str | None, password: str) -> bool:
        compared.append(stored is None)
        return matches(self, stored, password)

    monkeypatch.setattr(Passwords, "matches", watched)
    for name in ("archivist", "nobody"):
        code_of(partial(open_world.service.authenticate, name, "wrong wrong wrong"))
    assert compared == [False, True]


def test_nothing_stored_is_compared_with_argon2_and_never_matches() -> None:
    passwords = Passwords(passes=1, memory_kib=8, lanes=1)
    assert not passwords.matches(None, "there is no account of this name")
    assert not passwords.matches(None, "")


def test_full_width_input_is_the_same_password() -> None:
    passwords = Passwords(passes=1, memory_kib=8, lanes=1)
    stored = passwords.hash("Juanzong2026", name="archivist")
    assert passwords.matches(stored, "Ｊｕａｎｚｏｎｇ２０２６")


@pytest.mark.parametrize("name", ["archivist", "nobody"])
def test_after_five_wrong_passwords_the_name_is_locked_there_whether_or_not_it_exists(
    open_world: World, name: str
) -> None:
    for _ in range(5):
        assert code_of(lambda: open_world.service.authenticate(name, "wrong wrong wrong")) == "login-failed"
    with pytest.raises(Forbidden) as caught:
        open_world.service.authenticate(name, PASSWORD)
    assert (caught.value.code, caught.value.params) == ("login-locked", {"failures": 5, "minutes": 15})
    open_world.clock.advance(timedelta(minutes=14))
    assert code_of(lambda: open_world.service.authenticate(name, PASSWORD)) == "login-locked"


def test_a_lock_holds_only_where_the_wrong_passwords_came_from(open_world: World) -> None:
    for _ in range(7):
        code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong", "192.0.2.1"))
    assert code_of(lambda: open_world.service.authenticate("archivist", PASSWORD, "192.0.2.1")) == "login-locked"
    assert open_world.service.authenticate("archivist", PASSWORD, "192.0.2.2")[1].name == "archivist"
    assert code_of(lambda: open_world.service.authenticate("archivist", PASSWORD, "192.0.2.1")) == "login-locked"


def test_many_addresses_make_each_other_wait_but_nobody_who_has_not_failed(open_world: World) -> None:
    def attempt(number: int) -> str:
        return code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong", f"192.0.2.{number}"))

    assert {attempt(number) for number in range(30)} == {"login-failed"}
    with pytest.raises(Forbidden) as caught:
        open_world.service.authenticate("archivist", PASSWORD, "192.0.2.1")
    assert (caught.value.code, caught.value.params) == ("login-slow", {"seconds": 30})
    assert open_world.service.authenticate("archivist", PASSWORD, "192.0.2.99")[1].name == "archivist"


def test_the_wait_grows_and_ends(open_world: World) -> None:
    limits = LoginLimits()
    waits = [int(limits.wait(failures).total_seconds()) for failures in (1, 9, 10, 11, 14, 15, 10_000)]
    assert waits == [0, 0, 1, 2, 16, 30, 30]
    for number in range(12):
        code_of(partial(open_world.service.authenticate, "archivist", "wrong wrong wrong", f"192.0.2.{number}"))
    again = partial(open_world.service.authenticate, "archivist", PASSWORD, "192.0.2.1")
    assert code_of(again) == "login-slow"
    open_world.clock.advance(timedelta(seconds=4))
    assert again()[1].name == "archivist"


@pytest.mark.parametrize("neighbour", ["2001:db8::2", "2001:db8::ffff:1"])
def test_an_address_of_ipv6_stands_for_its_network(open_world: World, neighbour: str) -> None:
    for _ in range(5):
        code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong", "2001:db8::1"))
    assert code_of(lambda: open_world.service.authenticate("archivist", PASSWORD, neighbour)) == "login-locked"
    assert open_world.service.authenticate("archivist", PASSWORD, "2001:db8:0:1::1")[1].name == "archivist"


def test_only_so_many_passwords_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(passes=1, memory_kib=8, lanes=1, at_once=2)
    inside, most, guard = 0, 0, threading.Lock()

    def counted(*_: object) -> bool:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        time.sleep(0.02)
        with guard:
            inside -= 1
        return True

    stored = passwords.hash("long enough to use", name="archivist")
    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: passwords.matches(stored, "any"), range(8)))
    assert most == 2


def test_a_lock_ends_and_failures_are_forgotten(open_world: World) -> None:
    for _ in range(5):
        code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong"))
    open_world.clock.advance(timedelta(minutes=15))
    assert code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong")) == "login-failed"
    assert open_world.service.authenticate("archivist", PASSWORD)[1].name == "archivist"


def test_a_success_forgets_the_failures_before_it(open_world: World) -> None:
    for _ in range(3):
        for _ in range(4):
            code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong"))
        assert open_world.service.authenticate("archivist", PASSWORD)[1].name == "archivist"


def test_old_failures_and_dead_sessions_are_swept(open_world: World) -> None:
    open_world.service.authenticate("archivist", PASSWORD)
    for number in range(20):
        code_of(partial(open_world.service.authenticate, f"n{number}", PASSWORD))
    open_world.clock.advance(timedelta(hours=2))
    code_of(lambda: open_world.service.authenticate("nobody", PASSWORD))
    with open_world.database.reading() as connection:
        assert (
            connection.execute(select(func.count()).select_from(model.attempt)).scalar_one() == 2
        )  # here and everywhere
        assert connection.execute(select(func.count()).select_from(model.session)).scalar_one() == 0


def test_a_disabled_account_learns_so_only_with_the_right_password(open_world: World) -> None:
    open_world.service.set_disabled("archivist", disabled=True, by=SYSTEM_ACTOR)
    assert code_of(lambda: open_world.service.authenticate("archivist", "wrong wrong wrong")) == "login-failed"
    assert code_of(lambda: open_world.service.authenticate("archivist", PASSWORD)) == "account-disabled"


def test_a_password_changed_while_it_is_compared_opens_no_session(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = Passwords.matches

    def slow(self: Passwords, stored: str | None, password: str) -> bool:
        right = matches(self, stored, password)
        open_world.service.set_password("archivist", "another good one", by=SYSTEM_ACTOR)
        return right

    monkeypatch.setattr(Passwords, "matches", slow)
    with pytest.raises(NotAuthenticated, match="login-failed"):
        open_world.service.authenticate("archivist", PASSWORD)
    with open_world.database.reading() as connection:
        assert connection.execute(select(model.session)).first() is None


def test_the_wired_whole_logs_in_with_full_strength_and_the_lifetime_given(world: World) -> None:
    access = build_access(
        world.database, world.clock, SequentialIds(), world.told, session_lifetime=timedelta(minutes=5)
    )
    access.service.set_password("archivist", PASSWORD, by=SYSTEM_ACTOR)
    token, _ = access.service.authenticate("archivist", PASSWORD)
    assert access.service.session(token) is not None
    world.clock.advance(timedelta(minutes=5))
    assert access.service.session(token) is None
