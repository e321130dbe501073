"""The way of a message: receive, verify, validate, map, execute, acknowledge, deliver.

    step           module                 reads                            commits
    1 receive      intake/receive.py      the bytes of the request         journal row, work "intake"
    2 verify       intake/verify.py       bytes, partners' certificates    (with step 4)
    3 validate     intake/validate.py     the signed tree, its schema      (with step 4)
    4 map          intake/map.py          the signed tree, mapping file    state of the message, its id as used, the
                                                                           signed receipt, the order (or result, facts,
                                                                           end of process), work "execute" or "perform"
    5 execute      execute/handler.py     order, point, guards, rules      before the call: the order as SUBMITTING
                                          order, events, contactor         after it: the order's state and history, what
                                                                           the contactor showed, work "acknowledge"
      in steps     agreement/handler.py   order, steps, meter              the same for each step of an agreement
    6 acknowledge  answer/acknowledge.py  order, mapping file              the signed answer, work "deliver"
    7 deliver      answer/deliver.py      the stored bytes                 where it went, or when to try again

Steps 2 to 4 are done together in ``intake/handler.py``, with one transaction. What a step commits is one transaction
with the work that follows. A handler has three parts (see ``batch_step``): prepare reads and records what is about to
be done, perform does it without the database, and commit writes the results of the batch. ``batch_runner`` takes a
batch through them, and one by one where a piece of it fails.

Read in this order: ``ports`` (what the pipeline needs from outside), ``batch_step``, ``batch_runner``,
``execution_policy``, ``counting`` and ``tracing`` (what metrics and traces tell of it), and then the packages
``intake``, ``orders``, ``execute``, ``observe``, ``agreement``, ``answer``, ``operator``, ``jobs``, ``refused``.
"""
