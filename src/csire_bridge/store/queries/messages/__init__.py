"""Messages beside their lists: ``message_attempts``, ``refusal_causes`` (why they were refused),
``partner_messages``.
"""
