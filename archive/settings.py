"""Configuration as values: read once where a process starts, checked, frozen, and handed down from there.

`SETTINGS` names everything that can be set; parsing, `docs/settings.md` and the search for the nearest known name all
follow it. There are no default secrets: keys and passwords are made or asked for, never shipped.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive.errors import InvalidInput
from archive.logs import LogLevel

PREFIX: Final = "ARCHIVE_"


@dataclass(frozen=True)
class Setting:
    """One thing that can be set.

    In `default`, `{home}` stands for the home folder and `{cores}` for the number of processor cores.
    """

    name: str
    default: str
    help_zh: str
    help_en: str


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "ARCHIVE_HOME",
        ".juanzong",
        "档案馆的数据目录：数据库、原件、索引、密钥都在其中。命令行的 --home 优先。",
        "The folder that holds everything: database, bytes, index, keys. `--home` on the command line wins.",
    ),
    Setting(
        "ARCHIVE_DATABASE_URL",
        "sqlite:///{home}/archive.db",
        "数据库地址。",
        "Where the database is.",
    ),
    Setting(
        "ARCHIVE_BLOBS_URL",
        "file://{home}/blobs",
        "原件存储的地址，内容寻址、一次写入。",
        "Where the bytes lie, addressed by content and written once.",
    ),
    Setting(
        "ARCHIVE_SEARCH_URL",
        "tantivy://{home}/index",
        "全文索引的地址；可随时删除并重建。",
        "Where the full-text index is; it can be thrown away and rebuilt at any time.",
    ),
    Setting(
        "ARCHIVE_WORKERS",
        "{cores}",
        "同时工作的进程数，1 至 256。默认等于处理器核数。",
        "How many processes work at once, 1 to 256. By default as many as there are processor cores.",
    ),
    Setting(
        "ARCHIVE_LEASE_SECONDS",
        "60",
        "一个任务的租期（秒），5 至 3600；到期未续，由别的进程接手。",
        "For how many seconds a worker holds a job, 5 to 3600; when the lease runs out, another worker takes over.",
    ),
    Setting(
        "ARCHIVE_JOB_ATTEMPTS",
        "5",
        "一个任务最多尝试几次，1 至 100；之后等人处理。",
        "How often a job is tried, 1 to 100, before it waits for a person.",
    ),
    Setting(
        "ARCHIVE_SYNC_MINUTES",
        "15",
        "常驻处理进程每隔几分钟读取一次来源，1 至 1440。",
        "How many minutes lie between two readings of every source by the resident worker, 1 to 1440.",
    ),
    Setting(
        "ARCHIVE_PLAN",
        "national-2026-1",
        "所用分类方案（分类、保管期限、档号模板）的编号。",
        "Which plan is followed: classes, retention periods, number templates.",
    ),
    Setting(
        "ARCHIVE_WEB_HOST",
        "127.0.0.1",
        "网页服务监听的地址。",
        "The address the web server listens on.",
    ),
    Setting(
        "ARCHIVE_WEB_PORT",
        "8000",
        "网页服务的端口，0 至 65535；0 表示任取一个空闲端口。",
        "The port of the web server, 0 to 65535; 0 takes any free one.",
    ),
    Setting(
        "ARCHIVE_SESSION_HOURS",
        "8",
        "登录后几小时失效，1 至 168。",
        "After how many hours a login ends, 1 to 168.",
    ),
    Setting(
        "ARCHIVE_TIMEZONE",
        "Asia/Shanghai",
        "页面和目录中日期所用的时区；存储一律为协调世界时。",
        "The time zone of dates on pages and in catalogues; what is stored is always UTC.",
    ),
    Setting(
        "ARCHIVE_CENTRE_NAME",
        "示例公共资源交易中心",
        "交易中心的名称，显示在页面和证据包中。",
        "The name of the trading centre, shown on pages and in evidence bundles.",
    ),
    Setting(
        "ARCHIVE_CENTRE_REGION",
        "370000",
        "交易中心的行政区划代码（GB/T 2260，六位数字）。",
        "The region code of the centre (GB/T 2260, six digits).",
    ),
    Setting(
        "ARCHIVE_FONDS",
        "Z001",
        "全宗号：一个大写字母加三位数字。默认值只作占位，正式使用前请换成档案主管部门给的号。",
        "The fonds code: one capital letter and three digits. The default only holds the place: "
        "put in the code given by the archives authority before real use.",
    ),
    Setting(
        "ARCHIVE_LEDGER_ORIGIN",
        "juanzong.local/ledger",
        "账本的名称，写在每个签名检查点的第一行；定下后不再更改。",
        "The name of the ledger, first line of every signed checkpoint; never changed once chosen.",
    ),
    Setting(
        "ARCHIVE_LOG_LEVEL",
        "info",
        "日志的详细程度：debug、info、warning 或 error。",
        "How much is logged: debug, info, warning or error.",
    ),
)

_LOG_LEVELS: Final[Mapping[str, LogLevel]] = MappingProxyType(
    {"debug": "debug", "info": "info", "warning": "warning", "error": "error"}
)


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the rows are."""

    url: str


@dataclass(frozen=True)
class BlobSettings:
    """Where the bytes are."""

    url: str


@dataclass(frozen=True)
class SearchSettings:
    """Where the index is."""

    url: str


@dataclass(frozen=True)
class JobSettings:
    """How work is shared out.

    `lease_seconds` is how long a worker may be silent before its job is given to another; `sync_minutes` lie between
    two readings of every source by the resident worker.
    """

    workers: int
    lease_seconds: int
    attempts: int
    sync_minutes: int


@dataclass(frozen=True)
class PlanSettings:
    """Which plan is in force."""

    id: str


@dataclass(frozen=True)
class WebSettings:
    """How the pages are served. `timezone` is for showing dates; nothing is stored in it."""

    host: str
    port: int
    session_hours: int
    timezone: ZoneInfo


@dataclass(frozen=True)
class CentreSettings:
    """Whose archive this is. `region` is a GB/T 2260 code of six digits, `fonds` a fonds code such as `Z001`."""

    name: str
    region: str
    fonds: str


@dataclass(frozen=True)
class LedgerSettings:
    """The ledger's name and where its signing key and the trust file for verifiers lie."""

    origin: str
    key_path: Path
    trust_path: Path


@dataclass(frozen=True)
class LogSettings:
    """How much is logged."""

    level: LogLevel


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, one section per concern. `home` is absolute; it need not exist yet."""

    home: Path
    database: DatabaseSettings
    blobs: BlobSettings
    search: SearchSettings
    jobs: JobSettings
    plan: PlanSettings
    web: WebSettings
    centre: CentreSettings
    ledger: LedgerSettings
    log: LogSettings

    @classmethod
    def load(cls, environ: Mapping[str, str], home: Path | None = None) -> Self:
        """Settings from names and values, usually `environment()`. `home`, where given, wins over ARCHIVE_HOME.

        An empty value counts as not given. Names that do not start with `ARCHIVE_` are somebody else's.

        Raises:
            InvalidInput: a name is unknown, or a value is not what its setting allows.
        """
        read = _Values(environ, home)
        return cls(
            home=read.home,
            database=DatabaseSettings(read.url("ARCHIVE_DATABASE_URL")),
            blobs=BlobSettings(read.url("ARCHIVE_BLOBS_URL")),
            search=SearchSettings(read.url("ARCHIVE_SEARCH_URL")),
            jobs=JobSettings(
                workers=read.number("ARCHIVE_WORKERS", 1, 256),
                lease_seconds=read.number("ARCHIVE_LEASE_SECONDS", 5, 3600),
                attempts=read.number("ARCHIVE_JOB_ATTEMPTS", 1, 100),
                sync_minutes=read.number("ARCHIVE_SYNC_MINUTES", 1, 1440),
            ),
            plan=PlanSettings(read.text("ARCHIVE_PLAN")),
            web=WebSettings(
                host=read.text("ARCHIVE_WEB_HOST"),
                port=read.number("ARCHIVE_WEB_PORT", 0, 65535),
                session_hours=read.number("ARCHIVE_SESSION_HOURS", 1, 168),
                timezone=read.timezone("ARCHIVE_TIMEZONE"),
            ),
            centre=CentreSettings(
                name=read.text("ARCHIVE_CENTRE_NAME"),
                region=read.code("ARCHIVE_CENTRE_REGION", letters=0, digits=6),
                fonds=read.code("ARCHIVE_FONDS", letters=1, digits=3),
            ),
            ledger=LedgerSettings(
                origin=read.origin("ARCHIVE_LEDGER_ORIGIN"),
                key_path=read.home / "keys" / "ledger.key",
                trust_path=read.home / "trust.json",
            ),
            log=LogSettings(read.log_level("ARCHIVE_LOG_LEVEL")),
        )


def environment() -> Mapping[str, str]:
    """What this process was started with: the only look at it in the whole program."""
    return dict(os.environ)


class _Values:
    """Given values over defaults, each read as the kind its setting asks for."""

    def __init__(self, environ: Mapping[str, str], home: Path | None) -> None:
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
        defaults = {setting.name: setting.default for setting in SETTINGS}
        for name in sorted(given):
            if name not in defaults:
                raise _unknown(name, tuple(defaults))
        self.home = Path(home if home is not None else given.get("ARCHIVE_HOME", defaults["ARCHIVE_HOME"])).absolute()
        places = {"home": str(self.home), "cores": str(min(os.cpu_count() or 1, 256))}
        # Only defaults have places to fill: a brace in a given value is just a brace.
        self._values = {name: given.get(name) or default.format(**places) for name, default in defaults.items()}

    def text(self, name: str) -> str:
        value = self._values[name].strip()
        if not value or not value.isprintable():
            raise InvalidInput("setting-text", name=name)
        return value

    def url(self, name: str) -> str:
        value = self._values[name]
        if "://" not in value or not value.isprintable():
            # The value is not repeated: an address may carry a password.
            raise InvalidInput("setting-url", name=name)
        return value

    def number(self, name: str, least: int, most: int) -> int:
        value = self._values[name]
        if not (value.isascii() and value.isdigit()) or len(value) > 9 or not least <= int(value) <= most:
            raise InvalidInput("setting-number", name=name, value=value, least=least, most=most)
        return int(value)

    def code(self, name: str, *, letters: int, digits: int) -> str:
        value = self._values[name]
        head, tail = value[:letters], value[letters:]
        capitals = all("A" <= character <= "Z" for character in head)
        if not capitals or len(tail) != digits or not (tail.isascii() and tail.isdigit()):
            raise InvalidInput("setting-code", name=name, value=value, letters=letters, digits=digits)
        return value

    def origin(self, name: str) -> str:
        value = self._values[name]
        # C2SP signed-note: the origin is also the name of the key, which has neither spaces nor a plus sign.
        if not value.isprintable() or any(character.isspace() or character == "+" for character in value):
            raise InvalidInput("setting-origin", name=name, value=value)
        return value

    def timezone(self, name: str) -> ZoneInfo:
        value = self._values[name]
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidInput("setting-timezone", name=name, value=value) from error

    def log_level(self, name: str) -> LogLevel:
        value = self._values[name].lower()
        if value not in _LOG_LEVELS:
            raise InvalidInput("setting-log-level", name=name, value=value)
        return _LOG_LEVELS[value]


def _unknown(name: str, known: tuple[str, ...]) -> InvalidInput:
    # Compared without the common prefix, which would make every name look near to every other.
    bare = {item.removeprefix(PREFIX): item for item in known}
    nearest = get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=0.0)
    return InvalidInput("setting-unknown", name=name, nearest=bare[nearest[0]])
