"""Settings and the files that people write.

``settings`` reads and checks all settings; their groups are in ``sections``, and ``sources`` tells where each value
comes from, which ``shown`` prints; ``first_settings`` writes a first
file. ``private_files`` refuses files of secrets that others can read. ``files`` reads
rules and the law.
``resources`` finds the files that come with the package, ``role`` names what a process of the service does.
"""
