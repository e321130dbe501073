"""The head-end system (HES): commands and reads out by SOAP (IEC 61968-9, IEC 61968-100), events in.

Out: ``client`` with ``request_templates``, ``connection_pool``, ``http_connection``; ``reply_reader`` and
``metering_reader`` read the answers; ``router`` and ``choice`` for several systems. In: ``event_endpoint`` with
``event_answers``, ``event_reader``, ``later_reply``, ``event_address``. Both: ``dialect`` (how it writes, a file),
``contract`` (judges what comes in), ``profile``.
"""
