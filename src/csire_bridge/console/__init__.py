"""The console: pages for people, on the same use cases, queries and rights as the API; it has no rule of its own.

To read in this order: ``app`` (the application and its areas), ``area`` (what an area is: routes and places in the
menu), ``needs`` (what the bridge gives), ``http`` (who visits, answers, forms, refusals), ``rendering`` (templates in
the visitor's language), ``language`` (Polish and English, times, words for codes), ``charts`` (bars, columns and lines
as shapes for SVG), ``lists`` (what lists share), ``pages`` (a room for each area).
``templates``, ``static`` and ``locale`` hold what is no Python.
"""
