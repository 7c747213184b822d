"""What detectors that run or train a network share. Everything here needs torch."""
