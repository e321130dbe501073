"""The groups of settings, one module for each table of the settings file: types, defaults and limits.

Partners and the hub are in ``parties``, then ``head_end``, ``sid``, ``web`` and ``doors``, ``execution``,
``deadlines``, ``law``, ``retention``, ``reports``, ``access``, ``jobs``, ``logging``, ``metrics``, ``traces``,
``alerts``, ``health``, ``signing`` (our keys), ``storage``.
"""
