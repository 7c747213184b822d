"""Assay's library: find, show, review and remove poisoned training data. It never imports streamlit."""
