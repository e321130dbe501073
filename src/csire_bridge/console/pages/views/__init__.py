"""Saved views: ``shipped`` (those that every role has from the beginning), ``counted`` (those in the menu, with their
counts), ``routes`` (the page, saving, removing).
"""
