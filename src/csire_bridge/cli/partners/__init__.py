"""Commands about partners: ``partner`` (list, add, withdraw, check), ``ping``; ``tables`` prints them."""
