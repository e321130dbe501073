"""Jobs of people: what is done to many things, or by two persons, is planned, seen, started, and done item by item.

Read in this order: ``plan`` (freezes a set and looks at what would happen), ``decisions`` (start, approve, decline,
cancel), ``carry_out`` (does the items, in the worker), ``who_does`` (the rights of whoever does it, as they are then).
What is done to one item: ``hands`` (the table of all kinds) with ``order_hands``, ``point_hands`` and
``message_hands``; ``tools`` is what they need.
"""
