"""Workbooks and tables as people send them, a row a document."""
