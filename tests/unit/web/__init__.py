"""The surface without a browser."""
