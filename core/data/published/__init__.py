"""Published data sets in the form in which their authors give them away."""
