"""A year of prices lived through again: stored histories, a panel of questions, an independent judge."""
