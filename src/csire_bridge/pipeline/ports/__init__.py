"""Ports: the protocols that the pipeline needs from store and channels, each as small as possible.

Begin with ``store``: a ``Transaction`` has all ports of the database, which are in ``journal``, ``work_queue``,
``orders``, ``metering_points``, ``guards``, ``alerts``, ``jobs`` and beside the partners. ``head_end``, ``delivery``
(the hub) and ``sid`` are the partners. A class need not inherit from a port; it only has to have its methods.
"""
