"""`python -m tests.intake.table`: put every connector through everything and print the table with its counts."""

import sys
import tempfile
from pathlib import Path

import pytest

from archive.logs import log_to_stderr
from tests.intake.cells import CELLS
from tests.intake.stand import Happening
from tests.intake.test_matrix import STANDS, maker
from tests.small_archive import SmallArchive


def cell(name: str, happening: Happening) -> str:
    """What became of one cell, in words; what failed says so."""
    with tempfile.TemporaryDirectory(prefix="juanzong-") as folder:
        far = Path(folder, "far")
        far.mkdir()
        try:
            with maker(name)(far) as stand, SmallArchive.at(Path(folder, "home")) as archive:
                said = CELLS[happening](stand, archive)
                why = stand.unlike.get(happening)
                return f"{said} ({why[1]})" if why else said
        except pytest.skip.Exception as reason:
            return f"skipped: {reason}"
        except AssertionError as error:
            return f"FAILED: {str(error).splitlines()[0] if str(error) else 'an assertion'}"


def main() -> int:
    """Print the table as Markdown; 1 where a cell failed."""
    # Standard output holds the table and nothing else.
    log_to_stderr("error", stays=False)
    sys.stdout.write(f"| way in | {' | '.join(CELLS)} |\n|{'---|' * (len(CELLS) + 1)}\n")
    failed = False
    for name in STANDS:
        said = [cell(name, happening) for happening in CELLS]
        failed = failed or any(text.startswith("FAILED") for text in said)
        sys.stdout.write(f"| {name} | {' | '.join(said)} |\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
