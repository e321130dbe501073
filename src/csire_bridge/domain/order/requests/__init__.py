"""Before the command: ``sources`` (when two requests are one order), ``precedence`` (older and newer requests),
``related``, ``too_old`` (asked for too long ago), ``operators_own`` (danger and its end).
"""
