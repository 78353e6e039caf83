"""A real server over a whole archive, with one pushing source."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from ingest.worker import Runtime
from web.app import create_app
from web.main import listening
from web.wiring import services_of

SOURCE = "sender"
TOKEN = "a token of the benchmark"  # noqa: S105 - of a server that lives for seconds


def register(runtime: Runtime) -> None:
    """Register the source, its token where secrets are kept."""
    folder = runtime.kernel.settings.secrets
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "push-token"
    path.write_text(TOKEN, encoding="utf-8")
    path.chmod(0o600)
    runtime.ingest.sources.register(SOURCE, "push", "push:", {"token": "secret:push-token"})


@contextmanager
def served(runtime: Runtime) -> Iterator[str]:
    """The address of the server for as long as the block lasts."""
    app = create_app(services_of(runtime))
    with listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
