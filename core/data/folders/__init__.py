"""Sources that hold image files: folders and archives."""
