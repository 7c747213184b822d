"""Language models that lie in a local folder. Nothing of a folder is executed, and nothing is fetched."""
