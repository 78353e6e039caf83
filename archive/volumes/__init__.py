"""Volumes (案卷): every record of one bid section, arranged, numbered once at closing, sealed into the ledger."""
