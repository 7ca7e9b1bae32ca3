// Faults in the databases of a running server.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const DROP = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as database:
    database.execute(f"ALTER TABLE {sys.argv[2]} RENAME TO gone")
`;

/** Takes a table away from a service. Node.js 20 reads no SQLite; Python does, and the harness needs it in any case. */
export function takeAway(server, service, table) {
  execFileSync('python3', ['-c', DROP, join(server.data, `${service}.db`), table]);
}
