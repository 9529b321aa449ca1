# Runs once: the role of Queqiao, which is no superuser, and its databases. The image reads this file
# into its own script, so it sets nothing there.
(
  set -eu
  psql -v ON_ERROR_STOP=1 -v password="$QUEQIAO_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE queqiao LOGIN CREATEDB CREATEROLE PASSWORD :'password';
CREATE DATABASE queqiao OWNER queqiao;
CREATE DATABASE metastore OWNER queqiao;
SQL
  # In the image of deploy/compose/engine.Dockerfile; else the metastore's tables are yours to load.
  schema=/opt/metastore/schema.sql
  [ ! -f $schema ] || psql -q -1 -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" -d metastore \
    -c 'SET ROLE queqiao' -f $schema
)
