"""Messages: ``filters`` (of the journal), ``routes`` (the journal, refusals by cause, one message)."""
