"""The selection that both maps share, and the verdicts on it."""
