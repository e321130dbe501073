"""What comes in and goes out: ``messages`` (the journal), ``head_end_events``, ``outbox``; and ``partners``."""
