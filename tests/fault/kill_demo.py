"""`python -m tests.fault.kill_demo`: kill the demo at random moments, let `juanzong run` finish, compare the ends.

Prints one line per kill: the moment, how far the work was, how it went on, and what differs from an undisturbed run.
Exit status 0 if nothing does, 1 otherwise.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fault.killing import Material, after, kill_and_go_on, undisturbed


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; whether every end was the same."""
    options = _options(arguments)
    material = Material(options.projects, options.seed)
    moments = random.Random(options.moments)  # noqa: S311 - moments that can be drawn again, not secrets
    same = 0
    with tempfile.TemporaryDirectory(prefix="kill-demo-") as folder:
        expected, seconds = undisturbed(material, Path(folder) / "undisturbed")
        _say(f"undisturbed: {seconds:.1f} s, {expected.records.total()} records, {expected.volumes.total()} volumes")
        for line in [*expected.damage, f"lag {expected.lag}"] if expected.damage or expected.lag else []:
            _say(f"undisturbed, yet: {line}")
        for number in range(1, options.times + 1):
            moment = after(moments.uniform(0, seconds))
            kill = kill_and_go_on(material, Path(folder) / str(number), moment, expected)
            same += not kill.differences
            _say(f"{number:2} | {kill}")
    _say(f"{same} of {options.times} ended as the undisturbed run")
    return 0 if same == options.times and not expected.damage else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fault.kill_demo", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="how many kills")
    parser.add_argument("--projects", type=int, default=6, help="projects of each demo")
    parser.add_argument("--seed", type=int, default=7, help="seed of the material")
    parser.add_argument("--moments", type=int, default=1, help="seed of the moments")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
