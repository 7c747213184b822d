"""Images: all that is particular to pixels."""
