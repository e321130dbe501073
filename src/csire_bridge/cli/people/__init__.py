"""People: ``users`` (accounts), ``tokens`` (of the API), ``login``, ``audit``; ``passwords`` asks for them."""
