#!/bin/sh
# Makes the services' roles and databases. PostgreSQL's image runs it at its first start, for compose.yaml and
# the dev overlay; on a PostgreSQL of your own run it once, as the role that `tessera migrate` will use:
#
#   PGHOST=… PGPASSWORD=… POSTGRES_USER=tessera SERVICES_PASSWORD=… sh databases.sh
#
# Each service may read and write the rows of its own databases, and connect to no other. The tables belong to the
# role that runs this, and only that one can change them.
set -eu

# Statements for one database and the role that uses it. No host is named here: while it is set up, the image's server
# listens on its socket only.
as_owner() {
    psql --username "$POSTGRES_USER" --dbname "$1" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set database="$2" \
        --set role="$3" --set password="$SERVICES_PASSWORD"
}

for role in auth tickets orders expiration payments; do
    as_owner postgres "$role" "$role" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
done

# The built-in test gateway keeps its book apart, as a real one would.
for both in auth:auth tickets:tickets orders:orders expiration:expiration payments:payments gateway:payments; do
    database=${both%:*} role=${both#*:}
    as_owner postgres "$database" "$role" <<'SQL'
CREATE DATABASE :"database";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"role";
SQL
    as_owner "$database" "$database" "$role" <<'SQL'
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"role";
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO :"role";
SQL
done
