-- A database for csire-bridge on PostgreSQL 15 or newer, with a role of the same name that owns it. Run it once as a
-- superuser; --set=name=... takes another name than bridge:
--
--     psql --file=set-up.sql
--
-- The password is set afterwards, so that it stands in no file and in no log:  \password bridge
-- Then, as the service's account:  csire-bridge db upgrade --config /etc/csire-bridge/config.toml

\if :{?name}
\else
\set name bridge
\endif

CREATE ROLE :"name" LOGIN CONNECTION LIMIT 60;
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;

\connect :"name"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO :"name";
