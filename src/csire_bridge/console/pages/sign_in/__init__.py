"""In and out: ``routes`` (sign in, choose a password, language and theme)."""
