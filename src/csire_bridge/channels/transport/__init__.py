"""HTTP, shared by the channels: ``inbound`` admits requests, ``outbound`` is the way to partners.

``redact``: text from outside, for people.
"""
