"""The database: SQLite or PostgreSQL, by SQLAlchemy Core, without an ORM.

Start with ``database``, ``unit_of_work`` (one transaction with all repositories) and ``tables``. ``repositories`` write
and read for the pipeline, ``scheduling`` holds due work and leases, ``queries`` is the read side for people,
``figures`` keeps what orders came to, ``housekeeping`` does backup, retention and checks, ``table_upgrade`` runs the
migrations, ``upgrade_plan`` tells what they would do, ``move`` takes everything to another database. Below them:
``connection``, ``sql``, ``migrations``.
"""
