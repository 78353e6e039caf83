"""`python -m ingest.connectors.sheets.old_workbook FILE`: the rows of an old workbook as JSON lines, within bounds.

A process of its own, since what reads these files takes as much memory as a file cares to ask for.
"""

import json
import resource
import sys
from datetime import date, datetime, time
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

_MOST_BYTES: Final = 2 << 30
_MOST_SECONDS: Final = 100


def shown(value: object) -> str:
    """A cell as a reader sees it."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def main(path: str) -> int:
    """Write the rows to standard output; 1 where the file cannot be read."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    try:
        workbook = CalamineWorkbook.from_path(path)
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            for number, row in enumerate(sheet.iter_rows(), start=(sheet.start or (0, 0))[0] + 1):
                cells = [""] * (sheet.start or (0, 0))[1] + [shown(value) for value in row]
                if any(cell.strip() for cell in cells):
                    sys.stdout.write(json.dumps([name, number, cells]) + "\n")
    except (CalamineError, MemoryError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
