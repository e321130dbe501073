"""People: ``accounts``, ``sessions``, ``tokens`` (of the API), ``login_tries`` (wrong passwords), ``audit``."""
