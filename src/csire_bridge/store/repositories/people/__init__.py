"""People: ``accounts``, ``sessions``, ``tokens`` (of the API), ``login_tries`` (wrong passwords), ``audit``.

``api_requests``: what they asked the API to do once. ``jobs``: what they have done item by item. ``saved_views``:
filters of lists under a name.
"""
