"""Ports: the protocols that the pipeline needs from store and channels, each as small as possible.

``store``: the transaction, which gathers the ports of the database: ``journal``, ``orders``, ``metering_points``,
``guards``, ``work_queue``. ``head_end``, ``delivery`` and ``sid``: the partners. Nobody inherits from a port; whatever
has its methods fits.
"""
