"""What people decided: verdicts, bona fide sets and revisions, in a database that only grows."""
