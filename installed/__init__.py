"""Assay as an installed package: its own tree, in which `core`, `pages` and `app.py` lie as in the repository.

Nothing of the tree is importable before the command runs: `core` and `pages` are common names.
"""
