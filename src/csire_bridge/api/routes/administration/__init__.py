"""What administrators do: ``users`` (accounts), ``tokens``, ``sessions`` (one's own), ``audit``,
``partners`` (and certificates), ``settings``."""
