"""What lists of pages share: ``fields`` (what people write into filters), ``query`` (filters as an address), ``places``
(cursors), ``turning`` (to the next page, and what is new), ``sheets`` (a list as a file), ``marked`` (texts for
catalogs).
"""
