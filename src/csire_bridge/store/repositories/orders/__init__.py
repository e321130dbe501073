"""Orders: ``orders`` and ``order_steps``; what they depend on: ``related_orders``, ``processes``, ``rule_sets``;
what people write on them: ``notes``; who takes care of them: ``care``.

``sid``: orders of SID, and what SID is told about them.
"""
