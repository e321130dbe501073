"""Keys and certificates: ``keys`` (read from files), ``signing_keys`` (ours over time), ``new_keys``; ``pins`` (which
may be pinned), ``revocation``, ``partner_book`` (whose they are).
"""
