"""What is sent of alerts.

``compose`` (which route is told what), ``notice`` (its words), ``sender`` (the job that sends it, with retry),
``settings_to_routes`` (routes and channels from the settings), ``trial`` (of a route, at once).
"""
