"""The Overview page: the answer in one sentence, the groups behind it, how far the run is, and one way on."""
