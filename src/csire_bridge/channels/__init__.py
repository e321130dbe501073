"""Where messages come in and go out: ``hub``, ``hes`` (head-end system) and ``sid``, each over ``transport``, and none
knows another. ``alerts`` leave by mail and webhook.

A channel translates between bytes on the wire and values of the domain. It decides nothing about orders.
"""
