"""Orders: ``find_orders`` (list, show, explain), ``order_acts`` (retry, withdraw and more), ``order_story`` (time line,
notes, acknowledgements), ``bulk`` (what a list of keys means).
"""
