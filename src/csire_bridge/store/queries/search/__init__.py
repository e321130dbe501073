"""Lists by filters: ``order_search``, ``message_search``, ``job_list`` (jobs of people).

``key_lists``: keys that were pasted.
"""
