"""Widgets of our own that know nothing of runs."""
