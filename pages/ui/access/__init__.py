"""Who may come in, and what each may read and do."""
