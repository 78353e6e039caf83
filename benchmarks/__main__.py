"""Runs every benchmark and prints one JSON line for each."""

import json
import sys

from archive.logs import log_to_stderr
from benchmarks import (
    digest_one_pass,
    examination,
    file_pdfs_embedded,
    file_pdfs_services,
    filing_scale,
    ledger_append,
    ledger_contention,
    portal_frontier,
    push,
    rebuild_under_load,
    reconcile,
    restore_drill,
    search_scoped,
)

EMBEDDED = (file_pdfs_embedded, digest_one_pass, examination, ledger_append, search_scoped, reconcile, *push.EMBEDDED)
SERVICES = (file_pdfs_services, filing_scale, ledger_contention, rebuild_under_load, restore_drill, *push.SERVICES)
LONG = (portal_frontier, *push.LONG)
"""Only by name: each takes more than some minutes."""


def main(wanted: list[str]) -> None:
    """Run those whose names are given; without any, all that need no servers."""
    # Standard output holds the JSON lines and nothing else.
    log_to_stderr("warning", stays=True, format="text")
    for benchmark in (*EMBEDDED, *SERVICES, *LONG):
        if benchmark.NAME in wanted or (not wanted and benchmark in EMBEDDED):
            print(json.dumps(benchmark.measure(), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
