"""Tables of orders on their way: ``orders``, ``contactors``, ``guards`` (what may stand against a command),
``outgoing`` (answers), ``sid`` (SID's orders and reports).
"""
