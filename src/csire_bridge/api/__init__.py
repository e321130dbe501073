"""The REST API: what people and programs ask and do by HTTP, over the same use cases as the commands.

``app`` (the whole application), ``needs`` (what it needs of the bridge), ``http`` (callers, problems, pages, ETags,
acts that are done once), ``papers`` (documents on A4), ``routes`` (the paths by subject), ``sets`` (which items a list
or a search means), ``evidence`` (archives of everything about a message).
"""
