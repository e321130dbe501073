"""Commands about orders: ``show``, ``explain`` and ``actions`` ("orders"), ``parked_work`` ("work").

``tables`` prints them.
"""
