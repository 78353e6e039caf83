"""Data of the checks: the items of DA/T 70-2018, value ranges, rules between elements."""
