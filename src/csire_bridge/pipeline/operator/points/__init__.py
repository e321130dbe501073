"""What people do with metering points: ``point_actions`` (meter, danger), ``protection_actions`` (protected
households), ``registry_actions`` (lists of points), ``meter_looks`` (ask a meter now), ``movement_actions``
(movements that no order explains). ``point_picks`` says which points a list means.
"""
