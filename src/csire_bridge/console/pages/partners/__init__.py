"""Partners: ``pages`` (all of them, one with its certificates, what people change)."""
