"""Acts: every act in pages is a job, which is planned, seen and then started, also on one thing alone.

``area`` (routes and menu), ``plan_form`` (what a form gives), ``planning`` (the forms, and what they plan), ``one_job``
(preview, progress, decisions), ``all_jobs`` (lists, and what waits for approval), ``stop_switch``,
``above_cap`` (more disconnections than the cap of the hour).
"""
