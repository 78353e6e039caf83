"""Packages: several files delivered as one, with or without a manifest that says what they should be."""
