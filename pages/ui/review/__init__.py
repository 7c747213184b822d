"""Parts of the Review and Bona fide pages."""
