"""A drop on an SFTP server: `sftp://user@host[:port]/path`, credentials and host key by option."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from paramiko import PasswordRequiredException, PKey, SSHException
from paramiko.hostkeys import HostKeys, InvalidHostKey
from paramiko.pkey import UnknownKeyType

from archive.errors import InvalidInput
from ingest.connectors.drop.kinds import COMMON, PACKAGES, opened_drop
from ingest.connectors.drop.reading import Patience
from ingest.connectors.drop.sftp_tree import Account, SftpTree
from ingest.connectors.options import Options
from ingest.connectors.port import ConnectorKind, Context, Opened, Option
from ingest.connectors.secrets import Secrets
from ingest.types import Source

_PORT: Final = 22
_MOST_SECONDS: Final = 600


@contextmanager
def open_sftp(source: Source, context: Context) -> Iterator[Opened]:
    """A drop on an SFTP server, open for one reading.

    Raises:
        InvalidInput: location, option or credential cannot be used.
        SourceFailed: the server does not answer, is another than was registered, or refuses the credential.
    """
    options = Options(KIND, source)
    with (
        sftp_tree(source.location, options, context.secrets) as tree,
        opened_drop(source, context, tree, options, Patience()) as opened,
    ):
        yield opened


def sftp_tree(location: str, options: Options, secrets: Secrets) -> SftpTree:
    """The tree at a location.

    Raises:
        InvalidInput: location, option or credential cannot be used.
    """
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port or _PORT
    except ValueError as error:
        raise InvalidInput("source-location-form", form="sftp://user@host:22/path") from error
    if parts.scheme != "sftp" or not host or not parts.username or parts.query or parts.fragment:
        raise InvalidInput("source-location-form", form="sftp://user@host:22/path")
    password = options.text("password")
    account = Account(
        host,
        port,
        unquote(parts.username),
        _host_keys(options, secrets, host, port),
        secrets.text(password) if password else "",
        _private_key(options, secrets),
        min(max(options.number("seconds"), 1), _MOST_SECONDS),
    )
    if not account.password and account.key is None:
        raise InvalidInput("source-option-missing", option="password", connector=KIND.name)
    return SftpTree(account, unquote_to_bytes(parts.path or "/"), Patience())


def _host_keys(options: Options, secrets: Secrets, host: str, port: int) -> tuple[tuple[str, bytes], ...]:
    """The keys by which the server may prove itself; without one nothing is read from it."""
    written, known_hosts = options.text("host_key"), options.text("known_hosts")
    keys = [_host_key(line) for line in written.splitlines() if line.strip()]
    if known_hosts:
        keys += _known(secrets.path(known_hosts), host if port == _PORT else f"[{host}]:{port}")
    if not keys:
        raise InvalidInput("source-option-missing", option="host_key", connector=KIND.name)
    return tuple(keys)


def _host_key(line: str) -> tuple[str, bytes]:
    parts = line.split()
    try:
        kind, key = parts[0], base64.b64decode(parts[1], validate=True)
    except (IndexError, binascii.Error) as error:
        raise InvalidInput("source-option-unusable", option="host_key", wanted="ssh-ed25519 AAAA…") from error
    return kind, key


def _known(path: Path, name: str) -> list[tuple[str, bytes]]:
    try:
        found = HostKeys(str(path)).lookup(name)
    except (InvalidHostKey, SSHException, OSError, ValueError) as error:
        raise InvalidInput("source-option-unusable", option="known_hosts", wanted="known_hosts (OpenSSH)") from error
    return [(kind, key.asbytes()) for kind, key in found.items()] if found is not None else []


def _private_key(options: Options, secrets: Secrets) -> PKey | None:
    name = options.text("private_key")
    if not name:
        return None
    phrase = options.text("passphrase")
    try:
        return PKey.from_path(secrets.path(name), secrets.text(phrase) if phrase else None)
    except (PasswordRequiredException, UnknownKeyType, SSHException, ValueError, OSError) as error:
        # What such an error says may hold a part of the key: only its class is told.
        wanted = f"OpenSSH ({type(error).__name__})"
        raise InvalidInput("source-option-unusable", option="private_key", wanted=wanted) from error


CREDENTIALS: Final = (
    Option("password", "secret", "口令，写作 secret:名称", "the password, as secret:NAME"),
    Option("private_key", "secret", "私钥，写作 secret:名称", "the private key, as secret:NAME"),
    Option("passphrase", "secret", "私钥的口令，写作 secret:名称", "the passphrase of the private key, as secret:NAME"),
    Option(
        "host_key",
        "text",
        "服务器公钥，形如 ssh-ed25519 AAAA…，与 known_hosts 至少填一项",
        "the server's public key, such as ssh-ed25519 AAAA…; this or known_hosts is required",
    ),
    Option("known_hosts", "secret", "known_hosts 文件，写作 secret:名称", "a known_hosts file, as secret:NAME"),
    Option("seconds", "number", "等待应答的秒数（缺省 20）", "seconds to wait for an answer (default 20)", default=20),
)

KIND: Final = ConnectorKind(
    "sftp", "SFTP 服务器上的交换目录", "a drop on an SFTP server", open_sftp, (*COMMON, PACKAGES, *CREDENTIALS)
)
