"""Commands about accounts: list, add, password."""

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from access_control.types import Account, Role
from archive.authorization import SYSTEM_ACTOR
from web.cli.context import Desk, common, say

_PASSWORD = click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="不写在命令行时会询问 asked for if not given",
)


@click.group()
@common
def account() -> None:
    """帐户。Accounts."""


@account.command(name="list")
@common
def list_(desk: Desk) -> None:
    """列出帐户。List accounts."""
    accounts = desk.services.access.accounts(by=SYSTEM_ACTOR)

    def show(console: Console) -> None:
        grid = Table("帐户", "姓名", "角色", "状态")
        for account in accounts:
            grid.add_row(*map(escape, (account.name, account.display_name, _grants(account), _state(account))))
        console.print(grid)

    desk.answer({"accounts": [_described(account) for account in accounts]}, show)


@account.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--region", required=True, help="六位行政区划代码 GB/T 2260")
@click.option("--display-name", help="显示的姓名")
@common
def add(desk: Desk, name: str, role: str, region: str, display_name: str | None) -> None:
    """新增帐户，设口令后才能登录。Add an account; it can log in once it has a password."""
    account = desk.services.access.create_account(name, display_name or name, Role(role), region, by=SYSTEM_ACTOR)
    desk.answer(_described(account), lambda console: say(console, f"已新增 {name}"))


@account.command()
@click.argument("name")
@_PASSWORD
@common
def password(desk: Desk, name: str, password: str) -> None:
    """设置口令。Set a password."""
    desk.services.access.set_password(name, password, by=SYSTEM_ACTOR)
    desk.answer({"account": name}, lambda console: say(console, f"已设置 {name} 的口令"))


def _described(account: Account) -> dict[str, object]:
    return {"account": account.name, "name": account.display_name, "roles": _grants(account), "state": _state(account)}


def _grants(account: Account) -> str:
    return "、".join(f"{grant.role}@{grant.region}" for grant in account.grants)


def _state(account: Account) -> str:
    if account.disabled:
        return "停用 disabled"
    return "可登录 active" if account.has_password else "未设口令 no password"


COMMANDS = (account,)
