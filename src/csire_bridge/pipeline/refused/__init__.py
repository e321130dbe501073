"""What happens beside a refusal: ``refusal_log`` (log lines without a flood), ``trim_unproven`` (a budget for the bytes
of unproven senders).
"""
