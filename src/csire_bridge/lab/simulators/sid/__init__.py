"""The simulated customer system: ``simulator`` with ``request_handler`` (its orders), ``soap_client``, ``control``."""
