"""Studies too long for a test, each a command that prints a table; tests run small versions of them."""
