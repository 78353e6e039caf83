"""The database: one metadata for all packages, engines from URLs, the unit of work, migrations."""
