"""Runs every benchmark and prints one JSON line for each."""

import json
import sys

from benchmarks import digest_one_pass, file_pdfs_embedded, ledger_append, search_scoped

ALL = (file_pdfs_embedded, digest_one_pass, ledger_append, search_scoped)


def main(wanted: list[str]) -> None:
    """Run those whose names are given, or all."""
    for benchmark in ALL:
        if not wanted or benchmark.NAME in wanted:
            print(json.dumps(benchmark.measure(), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
