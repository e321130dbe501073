"""The simulated customer system: ``simulator`` with ``desk`` (its orders), ``soap_client`` (calls our endpoint)."""
