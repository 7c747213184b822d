"""Statistics, subspaces and scores that any detector may use."""
