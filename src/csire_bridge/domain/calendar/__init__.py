"""Polish hours, days off and working days.

``working_days`` (public holidays and working days by law), ``hours`` (hours of the week), ``windows`` (when something
may be sent: both together, with clock changes), ``polish_month``.
"""
