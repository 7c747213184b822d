"""How fast the screen answers: what a run costs to open, what each action costs, what a browser waits for."""
