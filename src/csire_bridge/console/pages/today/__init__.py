"""The first page: ``routes``, ``facts`` (what it tells), ``addresses`` (searches as addresses of lists)."""
