"""What went wrong outside of orders: ``movements`` (contactors in a state that no order explains), ``parked_work``
(steps that failed and wait for a person), ``area``.
"""
