"""What meters and the head-end system tell, by reading or by event, and what may be believed of it.

``readings`` (is it recent enough to prove anything), ``head_end_events`` (events are stored and matched with orders),
``sightings`` (last known states; a movement that no order explains opens an alert), ``reserved_meters`` (a meter is
kept for a command that may still run, until that command is proved to have run).
"""
