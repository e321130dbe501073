"""One file for each change of the tables; the number in front gives the order."""
