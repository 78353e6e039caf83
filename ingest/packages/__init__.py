"""Packages handed over by others: validated with every finding named, then opened as captures."""
