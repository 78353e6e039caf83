"""Bytes: stored once under their digest, never changed, never overwritten."""
