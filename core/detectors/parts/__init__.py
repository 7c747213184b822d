"""Statistics, subspaces and scores that any detector may use.

Work class by class holds BLAS to one core (`subspaces.on_one_core`). On matrices of that size its threads mostly wait
for each other: two of them cost Activation Clustering twice the time and four times the processor time. Threads of
our own over classes gained nothing either: the small NumPy calls of 2-means wait for the interpreter's lock.
"""
