"""The settings of the detectors' papers, done again: the same attacks and the same questions."""
