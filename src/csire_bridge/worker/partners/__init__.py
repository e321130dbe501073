"""Partners and their certificates at run time.

``roster`` (settings and table merged), ``current`` (the partner book of this moment), ``revocations`` (lists from
files), ``check`` (what is wrong), ``entry`` (what people enter),
``facts`` (partners as values).
"""
