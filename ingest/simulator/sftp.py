"""A stand-in SFTP server on loopback: shows one folder, counts what it sends, and misbehaves when asked to.

It takes one user with one password and forgets nothing it is told about faults until it is told otherwise.
"""

import io
import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paramiko import (
    ECDSAKey,
    Message,
    ServerInterface,
    SFTPAttributes,
    SFTPHandle,
    SFTPServer,
    SFTPServerInterface,
    SSHException,
    Transport,
)
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_NO_SUCH_FILE


@dataclass
class SftpFaults:
    """What the server does wrong. `cut_after` sends so many more bytes of files and then breaks the line, once.

    `delay` is in seconds before every piece of a file.
    """

    cut_after: int | None = None
    delay: float = 0.0


class SftpStandIn:
    """A server that shows `root` to `user` with `password`. A context manager."""

    def __init__(self, root: Path, user: str, password: str) -> None:
        self.root = root
        self.user = user
        self.password = password
        self.faults = SftpFaults()
        self.served = 0
        self.logins = 0
        self.port = 0
        self._key = ECDSAKey.generate()
        self._listener: socket.socket | None = None
        self._transports: list[Transport] = []
        self._guard = threading.Lock()

    @property
    def host_key(self) -> str:
        """The public key by which it proves itself, as OpenSSH writes it."""
        return f"{self._key.get_name()} {self._key.get_base64()}"

    @property
    def location(self) -> str:
        """Where it is."""
        return f"sftp://{self.user}@127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more, and break every line."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """Break every line; others may come."""
        with self._guard:
            transports, self._transports = self._transports, []
        for transport in transports:
            transport.close()

    def sent(self, data: bytes) -> bytes | None:
        """Count what a file gives; None where the line is to break instead."""
        if self.faults.delay:
            time.sleep(self.faults.delay)
        with self._guard:
            left = self.faults.cut_after
            if left is not None and len(data) > left:
                self.faults.cut_after = None
                return None
            if left is not None:
                self.faults.cut_after = left - len(data)
            self.served += len(data)
        return data

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            transport = Transport(line)
            transport.daemon = True
            with self._guard:
                self._transports.append(transport)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", _Server, _Folder, self)
            with suppress(SSHException, EOFError, OSError):
                transport.start_server(event=threading.Event(), server=_Login(self))


class _Login(ServerInterface):
    def __init__(self, stand_in: SftpStandIn) -> None:
        self._stand_in = stand_in

    def check_auth_password(self, username: str, password: str) -> int:
        self._stand_in.logins += 1
        right = (username, password) == (self._stand_in.user, self._stand_in.password)
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del kind, chanid
        return OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "password"


class _AnyName(Message):
    """A request whose names may be any bytes: what is not UTF-8 is carried through as Python carries file names."""

    def get_text(self) -> str:
        return os.fsdecode(self.get_binary())


class _Server(SFTPServer):
    def _process(self, kind: int, number: int, message: Message) -> None:
        library: Any = super()
        library._process(kind, number, _AnyName(message.get_remainder()))  # noqa: SLF001 - the library reads no others


class _Folder(SFTPServerInterface):
    def __init__(self, server: ServerInterface, stand_in: SftpStandIn) -> None:
        super().__init__(server)
        self._stand_in = stand_in

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        folder = self._inside(path)
        try:
            return [_named(entry.stat(follow_symlinks=False), entry.name) for entry in os.scandir(folder)]
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> SFTPAttributes | int:
        return self.lstat(path)

    def lstat(self, path: str) -> SFTPAttributes | int:
        try:
            return SFTPAttributes.from_stat(os.lstat(self._inside(path)))
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        del attr
        if flags & (os.O_WRONLY | os.O_RDWR):
            return SFTP_NO_SUCH_FILE
        try:
            return _File(self._inside(path), self._stand_in)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    def _inside(self, path: str) -> Path:
        """The file that a path names, never outside the folder that is shown."""
        steps: Sequence[str] = os.path.normpath("/" + path).strip("/").split("/")
        return self._stand_in.root.joinpath(*(step for step in steps if step))


class _File(SFTPHandle):
    def __init__(self, path: Path, stand_in: SftpStandIn) -> None:
        super().__init__()
        self._file = io.FileIO(path)
        self._stand_in = stand_in

    def read(self, offset: int, length: int) -> bytes | int:
        self._file.seek(offset)
        data = self._stand_in.sent(self._file.read(length))
        if data is None:
            self._stand_in.cut()
            return SFTP_NO_SUCH_FILE
        return data

    def stat(self) -> SFTPAttributes | int:
        return SFTPAttributes.from_stat(os.fstat(self._file.fileno()))

    def close(self) -> None:
        self._file.close()


def _named(status: os.stat_result, name: str) -> SFTPAttributes:
    attributes = SFTPAttributes.from_stat(status, name)
    raw: Any = os.fsencode(name)
    attributes.filename = raw
    return attributes
