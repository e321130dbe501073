"""Lists of a million rows: pages by keyset, counts with a limit; nothing reads more than it says. Read only.

``ways`` (how a list comes to its rows, and its pages), ``counted`` (counts up to a limit), ``order_ways`` and
``message_ways`` (which index serves which filters), ``order_pages`` and ``message_pages``;
``listed_order`` (an order as a line of a list).
"""
