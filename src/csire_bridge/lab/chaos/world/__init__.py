"""What surrounds the bridge and outlives it: ``field`` (hub and head-end system), ``courier`` and ``letters`` (messages
of the hub), ``databases``, ``older_database``.
"""
