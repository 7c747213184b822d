"""The triggers, one file each: what an attack does to an image.

A trigger has `apply` for test time, and `poison` for training images where that differs (label-consistent). It may
have `cover` for cover samples (WaNet), and a `pattern` that was optimised on the data (Narcissus) and is kept with
the truth.
"""
