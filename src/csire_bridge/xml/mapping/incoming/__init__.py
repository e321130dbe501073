"""Reading: ``inbound`` (a message becomes an order or a notice) by ``fields`` (where each value stands);
``inbound_compiler`` makes both of a file, with ``expressions`` (values that are worked out).
"""
