"""What spoils or skews data without any trigger, one file each: kinds relabelled, wrong labels, noise, skewed data.

Each is a function from a scene to a trigger like any attack. `core.attacks.assign` chooses the samples and labels.
"""
