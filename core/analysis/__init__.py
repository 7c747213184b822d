"""What follows from a run: one table of its samples, rules, advice, families, the queue for review."""
