"""The settings of one archive on these servers: a database, a bucket, an index and queues that bear its name."""

import os
import subprocess
from urllib.parse import urlsplit

from deploy.servers.kinds import KINDS, postgres_tool
from deploy.servers.places import Missing, Places
from deploy.servers.processes import running

_NEEDED = ("postgres", "minio", "elasticsearch", "rabbitmq", "tika")


def profile(places: Places, name: str) -> dict[str, str]:
    """What to put into the environment. The database is made where it is missing; the rest makes itself.

    Raises:
        Missing: a server does not run, or the name cannot be used.
    """
    if not (name.isascii() and name.isalnum() and name.islower()) or len(name) < 3:
        raise Missing(f"{name!r} cannot name an archive: three or more small letters and digits are expected.")
    state = places.load()
    down = [kind for kind in _NEEDED if not running(state.get(kind, {}).get("process", {}))]
    if down:
        raise Missing(f"{', '.join(down)} not running. Start everything: deploy/services start")
    urls = {kind: KINDS[kind].url(places, state[kind]) for kind in _NEEDED}
    _make_database(urls["postgres"], name)
    return {
        "ARCHIVE_DATABASE_URL": urls["postgres"].removesuffix("/postgres") + f"/{name}",
        "ARCHIVE_BLOBS_URL": f"{urls['minio']}/{name}",
        "ARCHIVE_SEARCH_URL": f"{urls['elasticsearch']}/{name}",
        "ARCHIVE_QUEUE_URL": f"{urls['rabbitmq']}?queues={name}",
        "ARCHIVE_TIKA_URL": urls["tika"],
    }


def _make_database(url: str, name: str) -> None:
    parts = urlsplit(url)
    given = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), "-w"]
    environment = {**os.environ, "PGPASSWORD": str(parts.password)}
    command = [str(postgres_tool("createdb")), *given, name]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode and "already exists" not in done.stderr:
        raise Missing(f"the database {name} could not be made: {done.stderr.strip()}")
