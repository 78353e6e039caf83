"""What every drop can be told, whatever protocol it lies behind, and how one is opened for a reading."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.drop.connector import DropConnector, DropOptions
from ingest.connectors.drop.delivering import Desk
from ingest.connectors.drop.naming import Aliases
from ingest.connectors.drop.reading import Patience
from ingest.connectors.drop.tree import Tree
from ingest.connectors.options import Options
from ingest.connectors.port import Context, Opened, Option
from ingest.types import Source

_LONGEST_SECONDS: Final = 86_400
_VANISHED: Final = ("flag", "withdraw", "tidied")

COMMON: Final = (
    Option(
        "settle_seconds",
        "number",
        "两次查看之间大小与时间不变多少秒，才认为文件已写完（缺省 30）",
        "for how many seconds a file must stay the same before it counts as complete (default 30)",
        default=30,
    ),
    Option(
        "vanished",
        "text",
        "文件不再存在时如何处理：flag 标记（缺省），withdraw 视为撤回，tidied 表示对方交付后会自行清理",
        "what a file that is no longer there means: `flag` (default), `withdraw`, or `tidied` where the far end clears "
        "away what it has delivered",
        default="flag",
    ),
    Option(
        "may_empty",
        "flag",
        "已接收的文件全部不见时也照实处理（缺省否：视为目录未挂载，读取中止）",
        "whether it is believed that not one document is left (default no: the medium may not be mounted)",
        default=False,
    ),
)

PACKAGES: Final = Option(
    "packages",
    "flag",
    "是否拆开 ZIP 与 BagIt 包，其成员作为一件的各文件（缺省是）",
    "whether ZIP containers and bags are opened and become one document each (default yes)",
    default=True,
)


@contextmanager
def opened_drop(source: Source, context: Context, tree: Tree, options: Options, patience: Patience) -> Iterator[Opened]:
    """A drop, open for one reading of `tree`.

    Raises:
        InvalidInput: an option has a value that it cannot have (`source-option-unusable`).
    """
    settle, vanished = options.number("settle_seconds"), options.text("vanished")
    if not 0 <= settle <= _LONGEST_SECONDS:
        raise InvalidInput("source-option-unusable", option="settle_seconds", wanted=f"0–{_LONGEST_SECONDS}")
    if vanished not in _VANISHED:
        raise InvalidInput("source-option-unusable", option="vanished", wanted="、".join(_VANISHED))
    only = source.connector == "packages"
    drop = DropOptions(
        timedelta(seconds=settle),
        vanished,
        may_empty=options.flag("may_empty"),
        packages=only or options.flag("packages"),
        only_packages=only,
    )
    position = dict(source.position)
    if position.pop("unfinished", False):
        aliases = Aliases(position)
        aliases.learn(context.held.captured())
        position["aliases"] = aliases.position()
    reading = {**position, "unfinished": True}
    desk = Desk(tree, context.locale, context.scratch, patience)
    connector = DropConnector(desk, context.clock, context.held.captured, position, drop)
    # Where the far end clears away what was delivered, what lies there says nothing about what we hold.
    inventory = None if vanished == "tidied" else connector.inventory
    yield Opened(connector, position, reading=reading, inventory=inventory)
