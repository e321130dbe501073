"""The operator's customer system (SID): orders in, reports out.

Its service: ``client`` with ``soap_client``, ``responses``, ``faults``; ``order_fetcher`` fetches new orders. Our
endpoint: ``endpoint``, ``request_reader``, ``response_writer``. Both: ``contract``, ``profile``.
"""
