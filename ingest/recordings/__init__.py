"""Recordings: what a file of picture and sound holds."""
