"""The running service, and the composition root.

``service`` owns the threads of one process, ``processes`` starts several, ``startup_checks`` finds every problem of the
settings before anything starts, ``service_manager`` tells systemd that the service runs. ``wiring`` puts the packages
together; ``web`` answers HTTP.
"""
