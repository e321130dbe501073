"""csire-bridge: from the market hub's message to a meter's contactor, and back as a signed answer.

The packages are layers, and each imports only from those below it. Neighbours are ``channels``, ``pipeline`` and
``access``; ``xml`` and ``store``; ``telemetry`` and ``sheets``. import-linter checks this;
docs/architecture.md draws it.

    lab         simulators, benches, crash matrix, simulation, demo; the product never imports it
    cli         the command line, by subject
    service     composition root and web service
    console     the pages for people
    api         the REST API
    worker      the work loop, scheduled jobs, the partner registry
    channels    hub, hes (head-end system), sid: where messages come in and go out
    pipeline    the seven steps of a message, and what people may do
    access      accounts, sessions, tokens, audit
    xml         hardened parser, signatures, schemas, mapping files
    store       the database: unit of work, repositories, queries, migrations
    config      settings and rule files
    runtime     green calls, group commit, the process's own clock
    telemetry   logs, metrics, traces
    sheets      lists for spreadsheets: CSV, XLSX
    domain      values and rules; no I/O, no XML, no clock of its own

Read first: ``pipeline``, then ``domain.order``, then ``service.wiring.bridge``, which wires everything.
"""
