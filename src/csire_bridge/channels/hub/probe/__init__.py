"""``csire-bridge partner ping``: ``probe`` tests the connection step by step, ``findings`` has words and remedies."""
