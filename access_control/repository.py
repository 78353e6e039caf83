"""Every statement about accounts, grants, policy rows, sessions and failed logins."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from access_control import model
from access_control.rules import PolicyRow
from access_control.types import Account, Attempts, Grant, Role, Session
from archive.errors import Damaged, Unavailable

_VALUE_COLUMNS = tuple(f"v{number}" for number in range(6))


class AccountRepository:
    """Rows of accounts and of what they were granted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, account: Account, password_hash: str | None, created_at: datetime) -> None:
        """Add an account with its grants."""
        values = {
            "id": account.id,
            "name": account.name,
            "display_name": account.display_name,
            "password_hash": password_hash,
            "disabled": account.disabled,
            "created_at": created_at,
        }
        self._connection.execute(insert(model.account).values(**values))
        for grant in account.grants:
            self.insert_grant(account.id, grant)

    def insert_grant(self, account_id: str, grant: Grant) -> None:
        """Add one grant."""
        values = {"account_id": account_id, "role": grant.role.value, "region": grant.region}
        self._connection.execute(insert(model.grant).values(**values))

    def set_password_hash(self, account_id: str, password_hash: str) -> None:
        """Replace what a password is checked against."""
        self._change(account_id, password_hash=password_hash)

    def set_disabled(self, account_id: str, *, disabled: bool) -> None:
        """Shut an account, or open it again."""
        self._change(account_id, disabled=disabled)

    def _change(self, account_id: str, **values: object) -> None:
        self._connection.execute(update(model.account).where(model.account.c.id == account_id).values(**values))

    def by_name(self, name: str) -> Account | None:
        """The account of that name."""
        row = self._connection.execute(select(model.account).where(model.account.c.name == name)).mappings().first()
        return None if row is None else _account(row, self._grants(row["id"]).get(row["id"], ()))

    def by_id(self, account_id: str) -> Account | None:
        """The account with that id."""
        row = self._connection.execute(select(model.account).where(model.account.c.id == account_id)).mappings().first()
        return None if row is None else _account(row, self._grants(account_id).get(account_id, ()))

    def password_hash(self, account_id: str) -> str | None:
        """What a password is checked against; None where no password was set."""
        query = select(model.account.c.password_hash).where(model.account.c.id == account_id)
        return self._connection.execute(query).scalar_one_or_none()

    def all(self) -> list[Account]:
        """Every account, by name."""
        grants = self._grants()
        rows = self._connection.execute(select(model.account).order_by(model.account.c.name)).mappings()
        return [_account(row, grants.get(row["id"], ())) for row in rows]

    def _grants(self, account_id: str | None = None) -> dict[str, tuple[Grant, ...]]:
        found: defaultdict[str, list[Grant]] = defaultdict(list)
        query = select(model.grant)
        if account_id is not None:
            query = query.where(model.grant.c.account_id == account_id)
        for row in self._connection.execute(query).mappings():
            found[row["account_id"]].append(_grant(row["account_id"], row["role"], row["region"]))
        return {account_id: tuple(sorted(grants)) for account_id, grants in found.items()}


class AccessRepository:
    """Rows of the policy, and the grants that decisions are made with."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def policy_version(self) -> int:
        """The version in force: the highest.

        Raises:
            Unavailable: there is no policy.
        """
        version = self._connection.execute(select(func.max(model.rule.c.version))).scalar_one()
        if version is None:
            raise Unavailable("policy-missing")
        return int(version)

    def has_policy(self) -> bool:
        """Whether any policy was ever stored."""
        return self._connection.execute(select(model.rule.c.version).limit(1)).first() is not None

    def policy_rows(self, version: int) -> tuple[PolicyRow, ...]:
        """The rules of one version in their order."""
        query = select(model.rule).where(model.rule.c.version == version).order_by(model.rule.c.ordinal)
        return tuple(
            PolicyRow(row["ptype"], tuple(row[name] for name in _VALUE_COLUMNS if row[name] is not None))
            for row in self._connection.execute(query).mappings()
        )

    def insert_policy(self, version: int, rows: Iterable[PolicyRow]) -> None:
        """Store the rules of a new version."""
        for ordinal, row in enumerate(rows):
            values = dict(zip(_VALUE_COLUMNS, row.values, strict=False))
            statement = insert(model.rule).values(version=version, ordinal=ordinal, ptype=row.ptype, **values)
            self._connection.execute(statement)

    def active_grants(self, account_id: str) -> tuple[Grant, ...] | None:
        """What an account holds; None if there is no such account or it is disabled.

        Raises:
            Damaged: a grant names a role there is not.
        """
        query = (
            select(model.grant.c.role, model.grant.c.region)
            .select_from(model.account.outerjoin(model.grant, model.grant.c.account_id == model.account.c.id))
            .where(model.account.c.id == account_id, model.account.c.disabled.is_(False))
        )
        rows = self._connection.execute(query).all()
        if not rows:
            return None
        return tuple(sorted(_grant(account_id, role, region) for role, region in rows if role is not None))


class LoginRepository:
    """Rows of sessions and of failed logins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert_session(self, session: Session) -> None:
        """Add a session."""
        self._connection.execute(insert(model.session).values(**asdict(session)))

    def session(self, token_sha256: str) -> Session | None:
        """One session, expired or not."""
        query = select(model.session).where(model.session.c.token_sha256 == token_sha256)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Session(**row)

    def extend_session(self, token_sha256: str, *, last_seen_at: datetime, expires_at: datetime) -> None:
        """Note that a session is in use."""
        self._connection.execute(
            update(model.session)
            .where(model.session.c.token_sha256 == token_sha256)
            .values(last_seen_at=last_seen_at, expires_at=expires_at)
        )

    def delete_session(self, token_sha256: str) -> None:
        """End one session."""
        self._connection.execute(delete(model.session).where(model.session.c.token_sha256 == token_sha256))

    def delete_sessions_of(self, account_id: str) -> None:
        """End every session of an account."""
        self._connection.execute(delete(model.session).where(model.session.c.account_id == account_id))

    def attempts(self, name_sha256: str) -> Attempts | None:
        """Failed logins under one name."""
        query = select(model.attempt).where(model.attempt.c.name_sha256 == name_sha256)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Attempts(row["failures"], row["last_at"], row["locked_until"])

    def put_attempts(self, name_sha256: str, attempts: Attempts) -> None:
        """Store or replace the failed logins under one name."""
        self.clear_attempts(name_sha256)
        self._connection.execute(insert(model.attempt).values(name_sha256=name_sha256, **asdict(attempts)))

    def clear_attempts(self, name_sha256: str) -> None:
        """Forget the failed logins under one name."""
        self._connection.execute(delete(model.attempt).where(model.attempt.c.name_sha256 == name_sha256))

    def sweep(self, *, sessions_before: datetime, attempts_before: datetime) -> None:
        """Drop sessions that expired and failed logins that no longer count."""
        self._connection.execute(delete(model.session).where(model.session.c.expires_at <= sessions_before))
        self._connection.execute(delete(model.attempt).where(model.attempt.c.last_at <= attempts_before))


def _account(row: RowMapping, grants: tuple[Grant, ...]) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        display_name=row["display_name"],
        grants=grants,
        disabled=row["disabled"],
        has_password=row["password_hash"] is not None,
    )


def _grant(account_id: str, role: str, region: str) -> Grant:
    try:
        return Grant(Role(role), region)
    except ValueError as error:
        raise Damaged("access-row-damaged", account=account_id, role=role) from error
