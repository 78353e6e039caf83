"""Search: an index that follows the ledger, asked only within a scope."""
