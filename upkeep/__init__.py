"""What keeps the packages that Assay stands on: their lock, their bill of materials, a look at the next Streamlit."""
