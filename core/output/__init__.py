"""What leaves the project: figures, pictures, the report, exports and the clean copy."""
