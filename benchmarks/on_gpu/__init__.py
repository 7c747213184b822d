"""What `benchmarks.gpu` measures, one subject a file; nothing here needs more than PyTorch, NumPy, SciPy and pandas."""
