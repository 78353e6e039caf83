"""Portals: list and detail pages that trading centres publish, read without a cursor."""
