"""The ledger: every act of the archive in one append-only, provable order.

Three stages: an act is *sequenced* inside its own transaction (`service`), *integrated* into a Merkle tree and
*published* under a signature (`integrator`). Whatever is derived from it is a follower that can be thrown away.
"""
