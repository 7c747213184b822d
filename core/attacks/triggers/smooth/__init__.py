"""Triggers that cover the whole image and are smooth, as a photograph is."""
