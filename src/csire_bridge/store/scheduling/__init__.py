"""Who does what, and when.

``work_queue`` (due work and its leases: the heart of crash safety), ``leases`` (named, with a fencing number),
``job_runs`` (scheduled jobs), ``process_clocks`` (each process's own time).
"""
