"""The one box (``box``: anything pasted, and where it leads) and pasted lists of keys (``key_list``); ``area``."""
