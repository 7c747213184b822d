"""Training: its configuration, the loop that traces every loss, and the activations of the result."""
