"""Measurements: `python -m benchmarks` prints one JSON line for each, as ratios to the floor of the same run."""
