"""Commands about what keeps a supply as it is, or cuts it at once.

``guards`` ("stop", "go", "hold", "allow") with ``guard_tables`` and ``new_holds``, ``complaints``
("hold decide", "hold dispute"), ``danger``, ``movements``.
"""
