"""A metering point (punkt poboru energii, PPE): what is known of it, and what protects it.

``facts`` (which statement counts), ``interlocks`` (reasons why a contactor must not be moved), ``holds``,
``complaints`` (what stands of one), ``danger_cuts`` (the supply was cut because of danger), ``guards`` (stop switch and
hourly cap), ``point_lists`` (lists from spreadsheets).
"""
