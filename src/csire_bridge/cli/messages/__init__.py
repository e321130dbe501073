"""Commands about messages: ``show`` (``messages``), ``validate``, ``sign`` and ``verify``, ``replay``, ``evidence``."""
