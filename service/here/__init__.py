"""This computer: what it has, and what a card does that is tried on it."""
