"""Steps 6 and 7: what the hub and SID are told.

``acknowledge`` (builds, validates, signs and stores the answer), ``deliver`` (sends it), ``hub_results`` (the hub's R_1
to our answers), ``danger_notices`` (what the hub is told of a cut because of danger). For SID: ``report_to_sid``,
``hand_over_field_work``.
"""
