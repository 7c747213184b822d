"""Sets whose triggers share no code with the lab's, and what the decision says of them."""
