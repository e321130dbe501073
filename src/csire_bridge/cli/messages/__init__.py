"""Commands about messages: ``show`` ("messages"), ``validate``, ``mapping`` (tries a mapping file), ``sign`` (also
"verify"), ``replay``, ``evidence``. The archive of evidence itself is made by ``api.evidence``.
"""
