"""An order's story: everything that happened to it on one time line.

``entries`` (what an entry is), ``order_lines`` (its own history, each line by what it is about), ``around`` (messages,
answers, guards, notes), ``order_story`` (all of them in order), ``related`` (other orders of its point and process).
"""
