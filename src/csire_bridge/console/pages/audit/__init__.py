"""The audit: ``pages`` (search, files, whether it is whole), ``words`` (each act as people say it)."""
