"""What the database is, and what it lacks for an archive."""

import sqlite3
from datetime import timedelta

from sqlalchemy import text

from archive.clock import Clock
from archive.db.uow import Database
from archive.servers import Described, Lack

_OLDEST = 15
_SPARE = 20
# A lease that another host takes for expired is work done twice at once; the shortest lease has five seconds.
_MOST_SKEW = timedelta(seconds=3)


def describe(database: Database, clock: Clock) -> Described:
    """Look at the database, and at its clock beside ours.

    Raises:
        Unavailable: it does not answer.
    """
    if not database.distributed:
        return Described(database.engine.url.database or "", sqlite3.sqlite_version, ("wal", "synchronous=full"))
    with database.reading() as connection:
        names = ("server_version", "synchronous_commit", "max_connections", "fsync")
        shown = {name: str(connection.execute(text(f"show {name}")).scalar_one()) for name in names}
        skew = connection.execute(text("select clock_timestamp()")).scalar_one() - clock.now()
    url = database.engine.url
    lacks = []
    if abs(skew) > _MOST_SKEW:
        lacks.append(Lack("server-clock", {"seconds": round(skew.total_seconds())}, fatal=True))
    if int(shown["server_version"].split(".")[0]) < _OLDEST:
        lacks.append(Lack("server-too-old", {"version": shown["server_version"], "least": _OLDEST}, fatal=True))
    if shown["synchronous_commit"] == "off" or shown["fsync"] == "off":
        lacks.append(Lack("server-forgets", {}, fatal=True))
    if int(shown["max_connections"]) < database.pool * 2 + _SPARE:
        lacks.append(Lack("server-few-connections", {"most": shown["max_connections"], "pool": database.pool}))
    return Described(
        f"{url.host}:{url.port or 5432}/{url.database}",
        shown["server_version"],
        ("advisory locks", "skip locked", f"{shown['max_connections']} connections"),
        tuple(lacks),
    )
