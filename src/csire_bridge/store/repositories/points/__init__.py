"""Metering points: ``metering_points`` (facts) and ``installations`` (their meters), ``contactors``.

What holds a supply as it is: ``guards``, ``complaints``, ``danger_cuts``.
"""
