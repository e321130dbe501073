"""The life of orders outside of their execution.

``create`` (a request becomes an order and work), ``merge_sources`` (two requests, one order), ``processes`` (a market
process is carried out once), ``precedence`` (older and newer requests), ``cancel``, ``reschedule`` (another date or
tariff), ``child_orders`` (movements that belong to an agreement), ``order_changes`` (everything that a batch changes
about orders). ``recheck`` has disconnections under way looked at again. ``law_at_registration`` tells what the law says
about a later date. ``order_policy`` is what the settings say of requests that become orders.
"""
