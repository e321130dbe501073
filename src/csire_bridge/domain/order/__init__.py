"""An order, from registration to its end.

Read ``order`` first (kinds, states, allowed transitions). Before the command: ``sources`` (when two requests are one
order), ``precedence`` (older and newer requests), ``related``, ``too_old`` (asked for too long ago), ``operators_own``
(danger and its end), ``deadlines``, ``command_text``. After it: ``conclusion`` (what a reading proves), ``next_step``
(what happens then), ``supply`` (whether an order explains a contactor's state), ``site_reports`` (reports of field
work). ``notes``: what people write on it; ``care``: who takes care of it.
``steps``: agreements and tariffs. ``facts``: the protocol that rules need.
``clock_stage``: how much of the time is over. ``kept``: what answers repeat of a request.
"""
