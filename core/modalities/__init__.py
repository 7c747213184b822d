"""Modalities: all that is particular to one kind of input stands in a folder of its own here."""
