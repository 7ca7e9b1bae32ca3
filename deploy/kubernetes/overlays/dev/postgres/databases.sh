#!/bin/sh
# Makes the services' databases and their roles. PostgreSQL's image runs it at its first start, for compose.yaml and
# the dev overlay; on a PostgreSQL of your own run it once, as the role that `tessera migrate` will use:
#
#   PGHOST=… PGPASSWORD=… POSTGRES_USER=tessera SERVICES_PASSWORD=… sh databases.sh
#
# Each service may read and write the rows of its own database, and connect to no other. The tables belong to the
# role that runs this, and only that one can change them.
set -eu

# The image runs a second server for this, which listens on the socket only.
as_owner() {
    psql --username "$POSTGRES_USER" --dbname "$1" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set service="$2" \
        --set password="$SERVICES_PASSWORD"
}

for service in auth tickets orders expiration payments; do
    as_owner postgres "$service" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service";
SQL
    as_owner "$service" "$service" <<'SQL'
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"service";
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO :"service";
SQL
done
