"""A rebuild that stops at one of its steps, to be killed there: `python -m tests.fault.rebuild_demo URL STEP`."""

import sys
import time
from contextlib import suppress

from search.elastic.generations import Generations
from search.wiring import build_index
from tests.unit.search.documents import document

STEPS = ("filling", "blocked", "exchanged")


def stop(step: str) -> None:
    """Say where we are, and go no further."""
    print(step, flush=True)  # noqa: T201 - the test reads this line and then kills
    with suppress(KeyboardInterrupt):
        time.sleep(600)


def main(url: str, step: str) -> None:
    """Rebuild the index at `url` with one document, up to `step`."""
    with build_index(url).replacement() as new:
        new.apply([document("rec_new", ledger_index=5)], 5)
        if step == "filling":
            stop(step)
        if step == "exchanged":
            # Between the exchange and the end of the former generation.
            setattr(Generations, "sweep", lambda _: stop(step))  # noqa: B010 - a method is not assigned otherwise
        new.promote(lambda: stop(step) if step == "blocked" else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
