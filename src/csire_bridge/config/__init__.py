"""Settings and the files that people write.

``settings`` reads and checks all settings; their groups are in ``sections``. ``files`` reads rules and the law.
``resources`` finds the files that come with the package, ``role`` names what a process of the service does.
"""
