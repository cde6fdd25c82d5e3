"""The gate before the application: what a stranger sends is read, bounded and judged before it costs a thread."""
