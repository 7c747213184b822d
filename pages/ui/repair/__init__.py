"""Parts of the Repair page."""
