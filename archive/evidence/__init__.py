"""Evidence: bundles that prove themselves offline. `docs/evidence-bundle.md` describes the format for outsiders.

`verifier` and what it imports stand alone: standard library, `cryptography`, the ledger's arithmetic and the message
catalogue. `builder` is the only part that needs the archive.
"""
