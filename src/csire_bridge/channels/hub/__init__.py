"""The market hub (CSIRE): messages by webhook and queue; answers out.

In: ``webhook``, ``queue_poller``. Out: ``hub_delivery`` (or ``folder_delivery``) through ``client``, which uses
``soap_client``, ``zeep_transport``, ``payload_bytes`` (the document's own bytes), ``responses`` and ``faults``.
``profile``: what differs from hub to hub. ``probe``: ``partner ping``.
"""
