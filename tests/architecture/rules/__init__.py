"""The house rules as checks on syntax trees. One rule a module; its docstring tells why the rule exists.

Each rule is one function, `check(source)`: its `path` is relative to the project's root, so that a rule can name the
few places where it does not hold. `every_rule` lists them; `test_rules.py` runs each on the real tree and on a snippet
that breaks it.
"""
