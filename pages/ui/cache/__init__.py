"""The only caches, what makes them stale, and the words that pages share."""
