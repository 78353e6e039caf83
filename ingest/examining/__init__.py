"""Examining: everything that is found out about one file, in a process that the file may break without harm."""
