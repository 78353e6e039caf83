"""Accounts and logins. Passwords are hashed and compared outside every transaction: Argon2 is slow on purpose."""

import hashlib
import ipaddress
import math
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from access_control.passwords import Passwords
from access_control.repository import AccessRepository, AccountRepository, LoginRepository
from access_control.rules import PolicyRules, default_rows
from access_control.types import (
    IMPLICIT,
    Account,
    Attempts,
    EventSink,
    Grant,
    Role,
    Session,
    check_compatible,
)
from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, Actor, Authorizer, Permission
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, NotFound
from archive.ids import Ids
from archive.ledger.types import Event, EventType

_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")
_REGION: Final = re.compile(r"[0-9]{6}")
_RESERVED: Final = frozenset({PUBLIC_ACTOR.name, SYSTEM_ACTOR.name})
_LONGEST_DISPLAY_NAME: Final = 100
_SEEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class LoginLimits:
    """How long a login lasts and how many wrong passwords are borne.

    A session ends after `lifetime`, or earlier when it was not used for `idle`.

    After `failures` wrong passwords under one name from one address, nobody logs in under it from there for `lock`.
    After `free` of them from all addresses together, the next attempt has to wait: a second, then twice as long each
    time, at most `longest_wait`. An address that has not failed under the name lately never waits, so that nobody can
    keep others out; failures are forgotten after `lock` without any.
    """

    lifetime: timedelta = timedelta(hours=8)
    idle: timedelta = timedelta(hours=1)
    failures: int = 5
    lock: timedelta = timedelta(minutes=15)
    free: int = 10
    longest_wait: timedelta = timedelta(seconds=30)

    def wait(self, failures: int) -> timedelta:
        """How long the next attempt under a name waits after so many failures from all addresses."""
        doublings = failures - self.free
        if doublings < 0:
            return timedelta(0)
        return min(timedelta(seconds=2 ** min(doublings, 16)), self.longest_wait)


@dataclass(frozen=True)
class AccessPorts:
    """What access control needs of the rest."""

    database: Database
    clock: Clock
    ids: Ids
    events: EventSink
    authorizer: Authorizer


class AccessService:
    """Who there is, what they were granted, and who is logged in.

    Methods that change an account take `by`, who must hold `account:manage`.
    """

    def __init__(self, ports: AccessPorts, passwords: Passwords, limits: LoginLimits) -> None:
        self._database = ports.database
        self._clock = ports.clock
        self._ids = ports.ids
        self._events = ports.events
        self._authorizer = ports.authorizer
        self._passwords = passwords
        self._limits = limits

    def create_account(
        self, name: str, display_name: str, role: Role, region: str, password: str | None = None, *, by: Actor
    ) -> Account:
        """Add an account that holds `role` in `region`, a GB/T 2260 code, and everything below it.

        Raises:
            InvalidInput: name, display name, region or password cannot be used, or the role is not one to grant.
            Conflict: the name is taken.
            Forbidden, NotAuthenticated: `by` may not manage accounts.
        """
        self._authorizer.require(by, Permission.ACCOUNT_MANAGE)
        hashed = None if password is None else self._passwords.hash(password, name=name)
        with self._database.writing() as uow:
            return self._insert(uow, name, display_name, Grant(role, region), hashed=hashed, by=by)

    def add_grant(self, name: str, role: Role, region: str, *, by: Actor) -> Account:
        """Give an account one more role in a region.

        Raises:
            NotFound: there is no such account.
            InvalidInput: the role is not one to grant, or the region is none.
            Conflict: the account would unite roles that must lie with different persons (三员分立).
            Forbidden, NotAuthenticated: `by` may not manage accounts, or the account is their own.
        """
        self._authorizer.require(by, Permission.ACCOUNT_MANAGE)
        grant = Grant(role, region)
        _check_grant(grant)
        with self._database.writing() as uow:
            accounts = AccountRepository(uow.connection)
            account = _existing(accounts, name)
            if account.id == by.id:
                raise Forbidden("account-own-grant", name=name)
            if grant in account.grants:
                return account
            check_compatible({grant.role, *(held.role for held in account.grants)})
            accounts.insert_grant(account.id, grant)
            self._changed(uow, account, by, change="grant-added", role=grant.role.value, region=grant.region)
            return replace(account, grants=tuple(sorted((*account.grants, grant))))

    def set_password(self, name: str, password: str, *, by: Actor) -> None:
        """Set or replace a password. Every session of the account ends. An account may set its own.

        Raises:
            NotFound: there is no such account.
            InvalidInput: the password is too weak.
            Forbidden, NotAuthenticated: it is not the actor's own account, and `by` may not manage accounts.
        """
        with self._database.reading() as connection:
            account = _find(AccountRepository(connection), name)
        if by.anonymous or account is None or account.id != by.id:
            self._authorizer.require(by, Permission.ACCOUNT_MANAGE)
        hashed = self._passwords.hash(password, name=name)
        with self._database.writing() as uow:
            accounts = AccountRepository(uow.connection)
            account = _existing(accounts, name)
            accounts.set_password_hash(account.id, hashed)
            LoginRepository(uow.connection).delete_sessions_of(account.id)
            self._changed(uow, account, by, change="password-set")

    def set_disabled(self, name: str, *, disabled: bool, by: Actor) -> None:
        """Shut an account and end its sessions, or open it again.

        Raises:
            NotFound: there is no such account.
            Forbidden, NotAuthenticated: `by` may not manage accounts.
        """
        self._authorizer.require(by, Permission.ACCOUNT_MANAGE)
        with self._database.writing() as uow:
            accounts = AccountRepository(uow.connection)
            account = _existing(accounts, name)
            if account.disabled == disabled:
                return
            accounts.set_disabled(account.id, disabled=disabled)
            LoginRepository(uow.connection).delete_sessions_of(account.id)
            self._changed(uow, account, by, change="disabled" if disabled else "enabled")

    def accounts(self, *, by: Actor) -> list[Account]:
        """Every account, by name.

        Raises:
            Forbidden, NotAuthenticated: `by` may not manage accounts.
        """
        self._authorizer.require(by, Permission.ACCOUNT_MANAGE)
        with self._database.reading() as connection:
            return AccountRepository(connection).all()

    def actor(self, name: str) -> Actor:
        """The actor of that name, for whoever already holds the machine (`--as NAME`); `public` is the anonymous one.

        Raises:
            NotFound: there is no such account.
            Forbidden: the account is disabled.
        """
        if name == PUBLIC_ACTOR.name:
            return PUBLIC_ACTOR
        with self._database.reading() as connection:
            account = _existing(AccountRepository(connection), name)
        if account.disabled:
            raise Forbidden("account-disabled", name=name)
        return Actor(id=account.id, name=account.name)

    def install_defaults(self, uow: UnitOfWork, region: str) -> None:
        """Store the policy the archive starts with and the accounts `archivist` and `inspector`, where there are none.

        The accounts hold their role in `region` and everything below it, and have no password: nobody can log in
        with them until one is set. What is there already stays as it is.

        Raises:
            InvalidInput: `region` is no region code.
        """
        policy = AccessRepository(uow.connection)
        if not policy.has_policy():
            rules = PolicyRules.from_rows(1, default_rows())
            policy.insert_policy(rules.version, rules.rows)
        accounts = AccountRepository(uow.connection)
        for role, display_name in ((Role.ARCHIVIST, "档案员"), (Role.INSPECTOR, "监督人员")):
            if accounts.by_name(role.value) is None:
                self._insert(uow, role.value, display_name, Grant(role, region), hashed=None, by=SYSTEM_ACTOR)

    def authenticate(self, name: str, password: str, address: str = "") -> tuple[str, Account]:
        """Log in: a new session token, shown once, and the account.

        A name that does not exist takes as long and is told the same as a wrong password. `address` is the network
        address that the attempt comes from, "" for this machine itself.

        Raises:
            NotAuthenticated: name and password do not belong together, or the account has no password.
            Forbidden: too many wrong passwords under this name lately (`login-locked` from this address, `login-slow`
                from all together); or all is right, but the account is disabled.
        """
        wanted = name.strip().casefold()
        everywhere, here = _digest(wanted), _digest(f"{wanted}\n{_place(address)}")
        self._count_attempt(everywhere, here)
        with self._database.reading() as connection:
            account, stored = _login_data(AccountRepository(connection), wanted)
        if not self._passwords.matches(stored, password) or account is None:
            raise NotAuthenticated("login-failed")
        if account.disabled:
            raise Forbidden("account-disabled", name=account.name)
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        with self._database.writing() as uow:
            # The account may have been shut, or its password changed, while Argon2 was at work.
            fresh, fresh_stored = _login_data(AccountRepository(uow.connection), wanted)
            if fresh is None or fresh.disabled or fresh_stored != stored:
                raise NotAuthenticated("login-failed")
            logins = LoginRepository(uow.connection)
            logins.clear_attempts(everywhere)
            logins.clear_attempts(here)
            logins.insert_session(Session(_digest(token), account.id, now, self._end(now, now), now))
        return token, account

    def session(self, token: str) -> Actor | None:
        """Who is logged in with `token`; None if nobody is, or no longer. Being asked counts as use."""
        key = _digest(token)
        now = self._clock.now()
        with self._database.reading() as connection:
            session = LoginRepository(connection).session(key)
            account = None if session is None else AccountRepository(connection).by_id(session.account_id)
        if session is None or session.expires_at <= now or account is None or account.disabled:
            return None
        if now - session.last_seen_at >= _SEEN_EVERY:
            with self._database.writing() as uow:
                end = self._end(session.created_at, now)
                LoginRepository(uow.connection).extend_session(key, last_seen_at=now, expires_at=end)
        return Actor(id=account.id, name=account.name)

    def revoke(self, token: str) -> None:
        """Log out. A token that is not in use is no error."""
        with self._database.writing() as uow:
            LoginRepository(uow.connection).delete_session(_digest(token))

    def _count_attempt(self, everywhere: str, here: str) -> None:
        """Count this attempt as failed before the password is looked at, so that many at once cannot slip through.

        Success clears the counts again. An attempt that is refused here is not counted.
        """
        now, limits = self._clock.now(), self._limits
        with self._database.writing() as uow:
            logins = LoginRepository(uow.connection)
            logins.sweep(sessions_before=now, attempts_before=now - limits.lock)
            local, total = logins.attempts(here), logins.attempts(everywhere)
            if local is not None and local.locked_until is not None:
                minutes = -(-(local.locked_until - now).total_seconds() // 60)
                raise Forbidden("login-locked", failures=limits.failures, minutes=int(minutes))
            if local is not None and total is not None and total.locked_until is not None and total.locked_until > now:
                raise Forbidden("login-slow", seconds=math.ceil((total.locked_until - now).total_seconds()))
            failures = 1 if local is None else local.failures + 1
            locked = now + limits.lock if failures >= limits.failures else None
            logins.put_attempts(here, Attempts(failures, now, locked))
            failures = 1 if total is None else total.failures + 1
            logins.put_attempts(everywhere, Attempts(failures, now, now + limits.wait(failures)))

    def _end(self, created_at: datetime, seen_at: datetime) -> datetime:
        return min(created_at + self._limits.lifetime, seen_at + self._limits.idle)

    def _insert(
        self, uow: UnitOfWork, name: str, display_name: str, grant: Grant, *, hashed: str | None, by: Actor
    ) -> Account:
        _check_names(name, display_name)
        _check_grant(grant)
        accounts = AccountRepository(uow.connection)
        if accounts.by_name(name) is not None:
            raise Conflict("account-exists", name=name)
        account = Account(self._ids.new("acc"), name, display_name, (grant,), disabled=False, has_password=bool(hashed))
        accounts.insert(account, hashed, self._clock.now())
        body = {"role": grant.role.value, "region": grant.region, "password": account.has_password}
        self._events.append(uow, Event(EventType.ACCOUNT_CREATED, by.id, "account", account.id, body))
        return account

    def _changed(self, uow: UnitOfWork, account: Account, by: Actor, **body: str) -> None:
        self._events.append(uow, Event(EventType.ACCOUNT_CHANGED, by.id, "account", account.id, body))


def _find(accounts: AccountRepository, name: str) -> Account | None:
    return accounts.by_name(name) if _NAME.fullmatch(name) else None


def _login_data(accounts: AccountRepository, name: str) -> tuple[Account | None, str | None]:
    account = _find(accounts, name)
    return account, None if account is None else accounts.password_hash(account.id)


def _existing(accounts: AccountRepository, name: str) -> Account:
    account = _find(accounts, name)
    if account is None:
        raise NotFound("actor-unknown", name=name)
    return account


def _check_names(name: str, display_name: str) -> None:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise InvalidInput("account-name", name=name)
    if not display_name.strip() or len(display_name) > _LONGEST_DISPLAY_NAME or not display_name.isprintable():
        raise InvalidInput("account-display-name", longest=_LONGEST_DISPLAY_NAME)


def _check_grant(grant: Grant) -> None:
    if grant.role in IMPLICIT:
        raise InvalidInput("role-not-grantable", role=grant.role)
    if not _REGION.fullmatch(grant.region):
        raise InvalidInput("region-code", region=grant.region)


def _place(address: str) -> str:
    """What counts as one address: whoever has one of IPv6 has the whole /64 around it."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        return str(known.ipv4_mapped or ipaddress.ip_network((int(known), 64), strict=False))
    return str(known)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
