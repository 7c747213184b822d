"""Parts of the Attack lab and of the Trigger page."""
