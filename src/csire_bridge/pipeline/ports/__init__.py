"""Ports: the protocols that the pipeline needs from store and channels, each as small as possible.

Begin with ``store``: a ``Transaction`` gathers the ports of the database. ``head_end``, ``delivery`` and ``sid`` are
the partners. Nobody inherits from a port; whatever has its methods fits.
"""
