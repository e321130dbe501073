"""Commands about messages: ``show`` ("messages"), ``validate``, ``mapping`` (tries a mapping file), ``sign`` (also
"verify"), ``replay``, ``evidence`` with ``evidence_page``.
"""
