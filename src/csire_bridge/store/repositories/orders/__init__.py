"""Orders: ``orders`` and ``order_steps``; what they depend on: ``related_orders``, ``processes``, ``rule_sets``;
what people write on them: ``notes``.

``sid``: orders of SID, and what SID is told about them.
"""
