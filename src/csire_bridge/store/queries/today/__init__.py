"""What the first page tells, each by an index and with a limit: ``tallies`` (counts that lead to exactly their rows),
``hours`` (orders in and out by the hour), ``oldest`` (the oldest that waits in each state), ``held_back`` (what gates
and rules hold back, and until when), ``causes`` (failures by cause and station), ``lines`` (when each partner was last
heard), ``movements`` (contactors that no order explains). Read only.
"""
