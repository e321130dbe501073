"""The bare work, without any code of the bridge, for comparison: ``work`` (a message), ``head_end`` (a command),
``trip`` (an order).
"""
