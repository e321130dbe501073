"""SQL techniques that SQLAlchemy has not, or that were measured to be faster.

``row_mapper`` (dataclasses and rows), ``array_parameter`` (a list as one parameter), ``execute_many``,
``insert_returning_keys``, ``plain_values``.
"""
