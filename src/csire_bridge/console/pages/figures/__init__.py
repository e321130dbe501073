"""Statistics: ``query`` (what a page or file was asked for), ``tables`` (the same lists for page, paper and sheet),
``drawings`` (charts), ``files`` (CSV, XLSX), ``board`` (the report as PDF), ``routes``.
"""
