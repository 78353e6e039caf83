"""A drop on an SFTP server. The server must prove that it is the one it was when it was registered."""

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, Self, TypeVar

from paramiko import PKey, SFTPError, SSHException, Transport
from paramiko.ssh_exception import AuthenticationException

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.drop.reading import Patience
from ingest.connectors.drop.sftp_session import Session, leaf_of
from ingest.connectors.drop.tree import Kind, Leaf
from ingest.packages.names import shown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

_KEEPALIVE_SECONDS: Final = 15
_BUFFER: Final = 1 << 18


@dataclass(frozen=True)
class Account:
    """Where a server is, who it must be and who asks.

    `host_keys` are names of algorithms with keys as they go over the wire. `seconds` is how long an answer may take.
    """

    host: str
    port: int
    user: str
    host_keys: tuple[tuple[str, bytes], ...]
    password: str = field(default="", repr=False)
    key: PKey | None = field(default=None, repr=False)
    seconds: float = 20.0

    @property
    def place(self) -> str:
        """What may be said of it to people."""
        return f"sftp://{self.host}:{self.port}"


class SftpTree:
    """The files below `root` on a server. A context manager: the connection is closed at the end."""

    near = False

    def __init__(self, account: Account, root: bytes, patience: Patience) -> None:
        self.name = account.place + shown(root)
        self._account = account
        self._root = root.rstrip(b"/")
        self._patience = patience
        self._open: tuple[Transport, Session] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        del exception
        self.drop()

    def entries(self, folder: bytes) -> Iterator[Leaf]:
        yield from self._tried(lambda: self._entries(folder))

    def stat(self, path: bytes) -> Leaf | None:
        leaf = self._tried(lambda: self._looked(path))
        return leaf if leaf is not None and leaf.kind is Kind.FILE else None

    def open(self, leaf: Leaf, offset: int) -> BinaryIO:
        found = self._looked(leaf.path)
        if found is None:
            raise InvalidInput("file-vanished-while-read", name=shown(leaf.path))
        if found.kind is not Kind.FILE:
            raise InvalidInput("drop-not-a-file", name=shown(leaf.path))
        if found != leaf:
            raise InvalidInput("file-changed-while-read", name=shown(leaf.path))
        return io.BufferedReader(_Remote(self._blocks(leaf, offset)), _BUFFER)

    def drop(self) -> None:
        """Close the connection; the next call opens another."""
        opened, self._open = self._open, None
        if opened is not None:
            opened[0].close()

    def _entries(self, folder: bytes) -> list[Leaf]:
        above = folder + b"/" if folder else b""
        with self._errors(folder, "folder-unreadable-source"):
            found = self._session().entries(self._path(folder))
            return [leaf_of(above + name, attributes) for name, attributes in found if b"/" not in name]

    def _looked(self, path: bytes) -> Leaf | None:
        with self._errors(path):
            try:
                return leaf_of(path, self._session().look(self._path(path)))
            except FileNotFoundError:
                return None

    def _blocks(self, leaf: Leaf, offset: int) -> Iterator[bytes]:
        with self._errors(leaf.path):
            yield from self._session().blocks(self._path(leaf.path), offset, leaf.size)

    def _path(self, path: bytes) -> bytes:
        return self._root + b"/" + path if path else self._root or b"/"

    def _tried(self, ask: Callable[[], T]) -> T:
        breaks = 0
        while True:
            try:
                return ask()
            except SourceFailed as error:
                breaks += 1
                if breaks >= self._patience.tries or error.code != "source-unreachable":
                    raise
                self._patience.sleep(self._patience.pause * 2**breaks)

    @contextmanager
    def _errors(self, path: bytes, refused: str = "file-unreadable-source") -> Iterator[None]:
        """What the server refuses is told of the file; after a break nothing on the old connection is of use."""
        try:
            yield
        except (SSHException, SFTPError, EOFError, OSError) as error:
            # What the server says of a request has no class of its own; a broken line has.
            said = type(error) is OSError or isinstance(error, FileNotFoundError | PermissionError)
            if said and self._is_alive():
                detail = error.strerror or str(error) if isinstance(error, OSError) else ""
                raise InvalidInput(refused, name=shown(path) or ".", detail=detail) from error
            self.drop()
            raise SourceFailed("source-unreachable", source=self.name, detail=type(error).__name__) from error

    def _is_alive(self) -> bool:
        return self._open is not None and self._open[0].is_active()

    def _session(self) -> Session:
        opened = self._open
        if opened is None or not self._is_alive():
            self.drop()
            self._open = opened = self._connected()
        return opened[1]

    def _connected(self) -> tuple[Transport, Session]:
        account = self._account
        line = socket.create_connection((account.host, account.port), account.seconds)
        transport = Transport(line)
        try:
            transport.banner_timeout = transport.auth_timeout = account.seconds
            transport.get_security_options().key_types = _preferred(transport, account)
            transport.start_client(timeout=account.seconds)
            self._require_host(transport)
            self._log_in(transport)
            transport.set_keepalive(_KEEPALIVE_SECONDS)
            session = _begun(transport, account.seconds)
        except BaseException:
            transport.close()
            raise
        return transport, session

    def _require_host(self, transport: Transport) -> None:
        key = transport.get_remote_server_key()
        if (key.get_name(), key.asbytes()) not in self._account.host_keys:
            raise SourceFailed("source-host-key", source=self._account.place, found=key.get_name())

    def _log_in(self, transport: Transport) -> None:
        account = self._account
        try:
            if account.key is not None:
                transport.auth_publickey(account.user, account.key)
            else:
                transport.auth_password(account.user, account.password)
        except AuthenticationException as error:
            raise SourceFailed("source-login-refused", source=account.place, detail=account.user) from error
        if not transport.is_authenticated():
            raise SourceFailed("source-login-refused", source=account.place, detail=account.user)


class _Remote(io.RawIOBase):
    """Blocks of bytes as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = next(self._blocks, b"")
        taken, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)


def _begun(transport: Transport, seconds: float) -> Session:
    session = Session.from_transport(transport)
    channel = session.get_channel() if session is not None else None
    if session is None or channel is None:
        raise SSHException("no channel")
    channel.settimeout(seconds)
    return session


def _preferred(transport: Transport, account: Account) -> list[str]:
    """The kinds of key by which the server may prove itself: those of the keys that are known of it."""
    offered = transport.get_security_options().key_types
    known = {name for name, _ in account.host_keys}
    return [kind for kind in offered if kind in known or (kind.startswith("rsa-sha2-") and "ssh-rsa" in known)]
