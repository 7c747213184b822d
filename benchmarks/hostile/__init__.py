"""Files that are made to exhaust the machine that opens them, and a watch on what opening one takes."""
