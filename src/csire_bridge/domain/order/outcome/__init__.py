"""After the command: ``conclusion`` (what a reading proves), ``next_step`` (what happens then), ``supply`` (whether an
order explains a contactor's state), ``site_reports`` (reports of field work).
"""
