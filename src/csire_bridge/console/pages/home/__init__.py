"""Where everybody begins: ``routes``."""
