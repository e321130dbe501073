"""What orders came to, in numbers that add up: days make a month, and months a year.

``tally`` (what one order counts for), ``durations`` (times as classes, so that percentiles of sums are known),
``period`` (Polish days from one to another, and what they are compared with), ``wanted`` (which orders), ``summary``
(numbers as people read them), ``published`` (what the operator published of past years).
"""
