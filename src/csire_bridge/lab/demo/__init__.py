"""``make demo``: ``market`` (the service between a simulated hub, head-end system and SID), ``stage`` (one bridge with
simulated meters; ``replay --simulate`` uses it, too), ``summary`` (what became of messages and orders),
``other_standard`` (a bridge that speaks another standard, by files alone), ``accounts`` (one for each role, for whoever
looks at the console).
"""
