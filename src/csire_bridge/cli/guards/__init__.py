"""Commands about what keeps a supply as it is, or cuts it at once.

``guards`` ("stop", "go", "hold", "allow") with ``guard_tables``, ``complaints`` ("hold decide", "hold dispute"),
``danger``, ``movements``.
"""
