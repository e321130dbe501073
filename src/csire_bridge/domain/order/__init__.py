"""An order, from registration to its end.

Read ``order`` first (kinds, states, allowed transitions); then ``requests`` (before the command), ``command_text`` and
``deadlines``, ``outcome`` (after it). ``steps``: agreements and tariffs. ``facts``: the protocol that rules need.
``clock_stage``: how much of the time is over. ``kept``: what answers repeat of a request. ``notes``: what people write
on it; ``care``: who takes care of it.
"""
