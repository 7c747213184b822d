"""Sources that hold tables: CSV, Parquet and Hugging Face folders."""
