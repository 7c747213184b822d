"""Triggers of several parts: training images carry some of them, test images all."""
