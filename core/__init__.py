"""Assay's library: find, show, review and remove poisoned training data. It never imports streamlit."""

import os

__version__ = "0.1.0"

# Threads that spin while they wait make training several times slower as soon as anything else, such as the
# dashboard's own server, wants a core. OpenMP reads this when torch or scikit-learn load it, which is after this line.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
