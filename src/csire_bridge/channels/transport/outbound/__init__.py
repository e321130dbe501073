"""The way out to the hub, SID and the probe; the head-end system has connections of its own.

``http_exchange`` is the one HTTP client, over ``partner_connections`` and ``tls``; ``failures`` says whether a request
arrived. ``address``: which addresses may be called. ``poll_interval``: pauses between two looks at a queue.
``zeep_contract`` and ``zeep_wss`` are for SOAP.
"""
