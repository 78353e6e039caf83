"""Text and metadata out of files: one port, one adapter per format, a registry that chooses by score.

Everything that reads a file here expects it to be hostile, keeps memory flat and fails only with errors of the one
tree.
pdfium is not safe for threads: run extraction in processes, one file at a time in each.
"""
