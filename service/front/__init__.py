"""The gate before the application: what comes in is read, bounded and judged before it costs a thread."""
