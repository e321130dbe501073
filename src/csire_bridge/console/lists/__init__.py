"""What lists of pages share: ``fields`` (what people write into filters), ``query`` (filters as an address), ``places``
(cursors), ``sheets`` (a list as a file), ``marked`` (texts for the catalogs).
"""
