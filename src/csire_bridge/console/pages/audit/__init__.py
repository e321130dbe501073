"""The audit: ``pages`` (search, files, whether it is whole)."""
