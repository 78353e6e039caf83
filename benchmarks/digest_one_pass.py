"""Both digests of a stream in one pass; the floor is SM3 alone over the same bytes, which bounds it."""

import hashlib
import io
import statistics
import time

from archive.blobs.digests import BLOCK, digest_stream

NAME = "digest-one-pass"
_BYTES = 256 << 20


def measure(runs: int = 3) -> dict[str, object]:
    """Megabytes a second, median of `runs`."""
    data = bytes(range(256)) * (_BYTES // 256)
    both, alone = [], []
    for _ in range(runs):
        started = time.perf_counter()
        digest_stream(io.BytesIO(data))
        both.append(_BYTES / 1e6 / (time.perf_counter() - started))
        started = time.perf_counter()
        sm3 = hashlib.new("sm3")
        for start in range(0, _BYTES, BLOCK):
            sm3.update(data[start : start + BLOCK])
        sm3.digest()
        alone.append(_BYTES / 1e6 / (time.perf_counter() - started))
    value, floor = statistics.median(both), statistics.median(alone)
    return {
        "benchmark": NAME,
        "value": round(value),
        "unit": "MB/s",
        "ratio_to_floor": round(value / floor, 3),
        "floor": round(floor),
        "floor_is": "SM3 alone",
    }
