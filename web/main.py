"""Serving: the application behind uvicorn, on an address that is known once it listens."""

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from archive.errors import Unavailable

_BACKLOG = 128


def serve(app: FastAPI, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve `app` until interrupted. `on_ready` is called with the URL once the address listens; port 0 takes any.

    Raises:
        Unavailable: the address cannot be listened on.
    """
    with listening(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        on_ready(f"http://{name}:{listener.getsockname()[1]}")
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5
        )
        uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        Unavailable: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Unavailable("web-address", host=host, port=port, detail=error.strerror or str(error)) from error
    # Connections inherit it. Without it the body of each answer waits for the acknowledgement of its head, 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
