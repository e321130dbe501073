"""What runs in the background.

``work_loop`` leases due work and has it done (by ``pipeline.batch_runner``), with ``batches_under_way`` (work that
waits for a partner). ``scheduler`` runs jobs on one node: ``alert_job``, ``certificate_job``, ``retention_job`` (with
``retention_archive``), ``audit_retention``, ``database_log_job``, ``figure_job``, ``report_job``. ``clock_watch``
compares clocks, ``queue_silence`` notes a partner that does not answer. ``partners``: the partner registry.
``notifications``: what is sent of alerts.
"""
