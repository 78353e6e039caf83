"""Bundles that were tampered with, each in one way, and what the verifier says of them."""
