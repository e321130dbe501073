"""Lists of orders: ``filters`` (what is asked for), ``columns`` (what is shown), ``routes`` (the list, what has come
since, and the same as a file), ``care`` (who takes care of them).
"""
