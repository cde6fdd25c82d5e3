"""Speed as ratios measured side by side: `python -m tests.bench`. Never collected by pytest."""
