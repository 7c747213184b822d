"""What detectors that run or train a network share. Everything here needs torch.

It is imported inside functions: pages read the settings of every detector without torch.
"""
