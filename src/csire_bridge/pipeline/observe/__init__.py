"""What meters and the head-end system tell, by reading or by event, and what may be believed of it.

``readings`` (is it recent enough to prove anything), ``head_end_events`` (events are stored and matched with orders),
``sightings`` (last known states; a movement that no order explains opens an alert), ``reserved_meters`` (a meter that is
kept for a command which may still run is released once that command is proved to have run).
"""
