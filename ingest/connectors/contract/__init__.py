"""What every connector keeps to, asked of one connector and one source of it. See `docs/connectors.md`."""
