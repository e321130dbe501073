"""The running service, and the composition root.

``service`` owns the threads of one process, ``running_service`` puts it together anew when settings change,
``processes`` starts several. ``first_setup`` makes what a new installation needs, ``startup_checks`` finds every
problem of the settings before anything starts, ``written_folders`` among them; ``service_manager`` tells systemd that
the service runs. ``wiring`` puts the packages together; ``web`` answers HTTP.
"""
