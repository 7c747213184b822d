"""The only caches, what makes them stale, and the words that pages share.

Every key says all that the result depends on. What the machine says of the samples is cached apart from the verdicts.
What is read of a run wears `of_run` with a stamp of `stamps`, which is part of the key.
"""
