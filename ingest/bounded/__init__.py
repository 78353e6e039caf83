"""Work on files that may be hostile, in a process of its own that can only compute.

`Room` keeps one such process and hands it one call at a time. The process has a bound on memory, processor time, open
files and what it may write; it starts no program and opens no connection; it gets the bytes of a file piece by piece
from its parent and answers in JSON, which the parent reads up to a limit. Whatever a file does to it, the parent gets
an answer or a reason.
"""
