"""Configuration as values: read once where a process starts, checked, frozen, and handed down from there.

`archive.known_settings` names everything that can be set; parsing, `docs/settings.md` and the search for the nearest
known name all follow it. There are no default secrets: keys and passwords are made or asked for, never shipped.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive.errors import InvalidInput
from archive.known_settings import SETTINGS
from archive.logs import LogFormat, LogLevel

PREFIX: Final = "ARCHIVE_"


_LOG_LEVELS: Final[Mapping[str, LogLevel]] = MappingProxyType(
    {"debug": "debug", "info": "info", "warning": "warning", "error": "error"}
)

_LOG_FORMATS: Final[Mapping[str, LogFormat]] = MappingProxyType({"text": "text", "json": "json"})


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the rows are, and how much one process may ask of the database."""

    url: str
    pool: int = 8
    statement_seconds: int = 60


@dataclass(frozen=True)
class BlobSettings:
    """Where the bytes are. `retention_days` is for how long an object store locks them, 0 for not at all."""

    url: str
    retention_days: int = 0


@dataclass(frozen=True)
class SearchSettings:
    """Where the index is."""

    url: str


@dataclass(frozen=True)
class JobSettings:
    """How work is shared out.

    `url` says what wakes workers, `lease_seconds` how long a worker may be silent before its job is given to another;
    `sync_minutes` lie between two readings of every source by the resident worker.
    """

    url: str
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
    """How the pages are served. `timezone` is for showing dates; nothing is stored in it.

    `upload_gib` is the largest upload in GiB.
    """

    host: str
    port: int
    session_hours: int
    timezone: ZoneInfo
    upload_gib: int = 32


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
class ExtractionSettings:
    """Where help with reading files is. `tika_url` is None where there is no Tika server."""

    tika_url: str | None


@dataclass(frozen=True)
class ExaminationSettings:
    """Who helps with looking into files, whose signatures are trusted, and how much one file may ask for.

    Addresses are None where there is no such server, `format_policy` where the policy of formats is the one that comes
    with the archive. `seconds` are for all stages of one file together, `memory_mib` bounds the isolated process that
    looks into it.
    """

    clamd_url: str | None
    verapdf_url: str | None
    trust_list: Path
    format_policy: Path | None
    seconds: int
    memory_mib: int


@dataclass(frozen=True)
class LogSettings:
    """How much is logged, and how it is written."""

    level: LogLevel
    format: LogFormat


@dataclass(frozen=True)
class WatchSettings:
    """What those who watch the archive are given; None is nothing."""

    metrics_token: str | None
    traces_url: str | None


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, one section per concern. `home` is absolute; it need not exist yet.

    `secrets` is the folder of the credentials that sources name.
    """

    home: Path
    database: DatabaseSettings
    blobs: BlobSettings
    search: SearchSettings
    extraction: ExtractionSettings
    examination: ExaminationSettings
    jobs: JobSettings
    plan: PlanSettings
    web: WebSettings
    centre: CentreSettings
    ledger: LedgerSettings
    log: LogSettings
    watch: WatchSettings
    secrets: Path

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
            database=_database(read),
            blobs=BlobSettings(read.url("ARCHIVE_BLOBS_URL"), read.number("ARCHIVE_BLOBS_RETENTION_DAYS", 0, 36_500)),
            search=SearchSettings(read.url("ARCHIVE_SEARCH_URL")),
            extraction=ExtractionSettings(read.optional("ARCHIVE_TIKA_URL", read.url)),
            examination=_examination(read),
            jobs=JobSettings(
                url=read.url("ARCHIVE_QUEUE_URL"),
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
                upload_gib=read.number("ARCHIVE_UPLOAD_GIB", 1, 4096),
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
            log=LogSettings(read.log_level("ARCHIVE_LOG_LEVEL"), read.log_format("ARCHIVE_LOG_FORMAT")),
            secrets=read.folder("ARCHIVE_SECRETS"),
            watch=WatchSettings(
                metrics_token=read.optional("ARCHIVE_METRICS_TOKEN", read.text),
                traces_url=read.optional("ARCHIVE_TRACES_URL", read.url),
            ),
        )


def _database(read: "_Values") -> DatabaseSettings:
    return DatabaseSettings(
        read.url("ARCHIVE_DATABASE_URL"),
        pool=read.number("ARCHIVE_DATABASE_POOL", 1, 100),
        statement_seconds=read.number("ARCHIVE_DATABASE_STATEMENT_SECONDS", 1, 3600),
    )


def _examination(read: "_Values") -> ExaminationSettings:
    formats = read.optional("ARCHIVE_FORMAT_POLICY", read.text)
    return ExaminationSettings(
        clamd_url=read.optional("ARCHIVE_CLAMD_URL", read.url),
        verapdf_url=read.optional("ARCHIVE_VERAPDF_URL", read.url),
        trust_list=read.folder("ARCHIVE_TRUST_LIST"),
        format_policy=Path(formats).absolute() if formats is not None else None,
        seconds=read.number("ARCHIVE_FILE_SECONDS", 5, 600),
        memory_mib=read.number("ARCHIVE_FILE_MEMORY_MIB", 512, 65_536),
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

    def optional(self, name: str, read: Callable[[str], str]) -> str | None:
        """A setting without a default, None where it is not given."""
        return read(name) if self._values[name] else None

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

    def folder(self, name: str) -> Path:
        """An absolute folder; it need not exist yet."""
        return Path(self.text(name)).absolute()

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

    def log_format(self, name: str) -> LogFormat:
        value = self._values[name].lower()
        if value not in _LOG_FORMATS:
            raise InvalidInput("setting-log-format", name=name, value=value)
        return _LOG_FORMATS[value]


def _unknown(name: str, known: tuple[str, ...]) -> InvalidInput:
    # Compared without the common prefix, which would make every name look near to every other.
    bare = {item.removeprefix(PREFIX): item for item in known}
    nearest = get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=0.0)
    return InvalidInput("setting-unknown", name=name, nearest=bare[nearest[0]])
