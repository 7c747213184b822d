"""Sources that hold texts: tables with a column of them, and folders of text files."""
