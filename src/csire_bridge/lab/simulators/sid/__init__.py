"""The simulated customer system: ``simulator`` with ``request_handler`` (its orders) and ``soap_client``."""
