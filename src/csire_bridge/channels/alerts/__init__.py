"""Where alerts leave: ``mail`` (SMTP) and ``webhook`` (signed JSON)."""
