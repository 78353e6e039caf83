"""Watching: whether each part answers, and how much of everything there is, told truthfully at the moment of asking."""
