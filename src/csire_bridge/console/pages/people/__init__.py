"""People: ``accounts`` (all, and one with its sessions), ``tokens`` (of programs), ``own`` (one's own account),
``area`` (their places in the menu).
"""
