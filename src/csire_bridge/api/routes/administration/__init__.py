"""What administrators do: ``users`` (accounts), ``tokens``, ``sessions`` (one's own), ``audit``."""
