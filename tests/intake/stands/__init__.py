"""The far ends: one module a connector, each with a context manager `stand`."""
