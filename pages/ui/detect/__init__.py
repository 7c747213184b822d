"""Parts of the Detect page."""
