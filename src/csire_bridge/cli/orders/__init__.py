"""Commands about orders: ``show``, ``explain`` and ``actions`` ("orders"), ``parked_work`` ("work").

``jobs`` (acts on lists, second person). ``tables`` prints orders.
"""
