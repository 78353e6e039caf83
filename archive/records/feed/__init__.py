"""The feed that we publish: what the public may see, as it became visible, changed or was withdrawn."""
