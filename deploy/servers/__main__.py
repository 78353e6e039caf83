"""`deploy/services COMMAND`; `--help` lists the commands. Exit 0 fine, 1 failed, 2 wrong usage."""

import argparse
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from deploy.servers.kinds import KINDS, epmd, new_state
from deploy.servers.places import Missing, Places
from deploy.servers.processes import end, launch, running
from deploy.servers.profile import profile

_PATIENCE = 120.0
_NO_COMMAND = 2


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says."""
    options = _options(arguments)
    places = Places.here()
    try:
        return _do(places, options)
    except Missing as error:
        sys.stderr.write(f"✗ {error}\n")
        return 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="deploy/services", description="Real servers on this machine, without Docker."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("install", "get the programs"),
        ("start", "start servers and wait until they answer; installs what is missing"),
        ("stop", "stop servers; their data stays"),
        ("kill", "end servers as a crash would, for trying what happens then"),
        ("status", "what runs, and where"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("names", nargs="*", choices=[[], *KINDS], metavar="SERVER", help=", ".join(KINDS))
    command = commands.add_parser("with", help="run a command with all servers; those started for it are stopped again")
    command.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    commands.add_parser("wipe", help="stop everything and remove data, logs and passwords")
    for name, text in (
        ("env", "print the settings of an archive on these servers"),
        ("run", "run a command with them"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--profile", default="juanzong", help="database, bucket, index and queues of this name")
        if name == "run":
            command.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser.parse_args(arguments)


def _do(places: Places, options: argparse.Namespace) -> int:
    if options.command in {"env", "run"}:
        return _with_profile(places, options)
    places.make()
    if options.command == "with":
        return _with_servers(places, _given(options.argv))
    with _alone(places):
        if options.command == "wipe":
            _stop(places, list(KINDS), at_once=False)
            places.wipe()
            return 0
        names = options.names or list(KINDS)
        if options.command == "install":
            for name in names:
                KINDS[name].install(places)
        elif options.command == "start":
            _start(places, names)
        elif options.command in {"stop", "kill"}:
            _stop(places, names, at_once=options.command == "kill")
        else:
            return _status(places, names)
    return 0


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    """One at a time: two starts at once would take the same port."""
    with (places.runtime / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(places: Places, names: list[str]) -> None:
    for name in names:
        KINDS[name].install(places)
    state = places.load()
    for name in names:
        known = state.setdefault(name, new_state())
        if running(known.get("process", {})):
            continue
        if name == "rabbitmq" and not running(known.get("helper", {})):
            known["helper"] = launch(epmd(places, known), places.folder(name) / "epmd.log")
        known["process"] = launch(KINDS[name].start(places, known), places.folder(name) / "log")
        places.save(state)
    limit = time.monotonic() + _PATIENCE
    for name in names:
        _wait(places, name, state[name], limit)
    _write_addresses(places, state)


def _wait(places: Places, name: str, known: dict[str, Any], limit: float) -> None:
    while not KINDS[name].answers(known):
        log = places.runtime / name / "log"
        if not running(known["process"]):
            raise Missing(f"{name} ended as soon as it was started. Its log is {log}.")
        if time.monotonic() > limit:
            raise Missing(f"{name} did not answer within {_PATIENCE:.0f} s. Its log is {log}.")
        time.sleep(0.1)


def _stop(places: Places, names: list[str], *, at_once: bool) -> None:
    state = places.load()
    for name in names:
        known = state.get(name, {})
        end(known.get("process", {}), at_once=at_once)
        if not at_once:
            end(known.get("helper", {}))
    _write_addresses(places, state)


def _write_addresses(places: Places, state: dict[str, Any]) -> None:
    """The addresses of what runs, for tests; readable by the owner alone, since they carry passwords."""
    urls = {
        name: KINDS[name].url(places, known)
        for name, known in state.items()
        if name in KINDS and running(known.get("process", {}))
    }
    target = places.runtime / "env.json"
    staged = target.with_suffix(".new")
    staged.touch(mode=0o600)
    staged.write_text(json.dumps(urls, indent=1), encoding="utf-8")
    staged.replace(target)


def _status(places: Places, names: list[str]) -> int:
    state = places.load()
    fine = True
    for name in names:
        known = state.get(name, {})
        alive = running(known.get("process", {}))
        answers = alive and KINDS[name].answers(known)
        word = "answers" if answers else "does not answer" if alive else "stopped"
        where = f"127.0.0.1:{known['port']}" if known else "never started"
        sys.stdout.write(f"{name:21} {word:16} {where:16} {places.runtime / name}\n")
        fine = fine and answers
    return 0 if fine else 1


def _with_profile(places: Places, options: argparse.Namespace) -> int:
    given = profile(places, options.profile)
    if options.command == "env":
        for name, value in given.items():
            sys.stdout.write(f"export {name}='{value}'\n")
        return 0
    argv = _given(options.argv)
    return subprocess.run(argv, check=False, env={**os.environ, **given}).returncode if argv else _NO_COMMAND


def _given(argv: list[str]) -> list[str]:
    """The command that was given, which may stand behind two dashes."""
    command = argv[1:] if argv[:1] == ["--"] else argv
    if not command:
        sys.stderr.write("a command is needed\n")
    return command


def _with_servers(places: Places, argv: list[str]) -> int:
    """Run a command with every server there, and leave running what ran before."""
    if not argv:
        return _NO_COMMAND
    with _alone(places):
        state = places.load()
        stopped = [name for name in KINDS if not running(state.get(name, {}).get("process", {}))]
        _start(places, stopped)
    try:
        return subprocess.run(argv, check=False).returncode
    finally:
        with _alone(places):
            _stop(places, stopped, at_once=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
