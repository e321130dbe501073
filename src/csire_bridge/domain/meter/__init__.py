"""What a meter is, shows and proves.

``contactor`` (commands, readings, events; IEC 62056-6-2), ``metering`` (registers and tariff calendars), ``evidence``
(when a time told by others counts), ``head_end_clock`` (what the head-end system's clock can show), ``installations``
(at which metering point a meter is).
"""
