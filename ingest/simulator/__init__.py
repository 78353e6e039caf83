"""A stand-in trading platform for demonstration, tests and benchmarks, the same byte for byte from its seed.

`scenario` says what is wanted, `portal` is the platform, `replay` shows recorded snapshots of a real portal again, and
`server` puts either on a loopback port. `life_cycles` and `wording` hold how transactions run and what their documents
say, as data; `story` tells one project from them; `documents` and `recordings` make the files.
"""
