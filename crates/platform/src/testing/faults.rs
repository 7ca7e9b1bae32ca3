//! Faults planted in a real database: a table that refuses changes, as a failing step would.

use crate::db::{Db, Durability};

/// Makes every `operation` (`INSERT`, `UPDATE` or `DELETE`) on `table` fail.
pub async fn forbid(db: &Db, table: &'static str, operation: &'static str) {
    let trigger = format!(
        "CREATE TRIGGER {} BEFORE {operation} ON {table}",
        name(table, operation)
    );
    if is_postgres(db).await {
        let function = "CREATE OR REPLACE FUNCTION planted_fault() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION USING MESSAGE = ''planted fault'', ERRCODE = ''integrity_constraint_violation''; END'";
        run(db, function.to_owned()).await;
        run(
            db,
            format!("{trigger} FOR EACH ROW EXECUTE FUNCTION planted_fault()"),
        )
        .await;
    } else {
        run(
            db,
            format!("{trigger} BEGIN SELECT RAISE(ABORT, 'planted fault'); END"),
        )
        .await;
    }
}

/// Takes the fault away again.
pub async fn permit(db: &Db, table: &'static str, operation: &'static str) {
    let drop = format!("DROP TRIGGER {}", name(table, operation));
    if is_postgres(db).await {
        run(db, format!("{drop} ON {table}")).await;
    } else {
        run(db, drop).await;
    }
}

fn name(table: &str, operation: &str) -> String {
    format!("planted_{table}_{operation}")
}

async fn is_postgres(db: &Db) -> bool {
    matches!(db.durability().await, Ok(Durability::Postgres { .. }))
}

async fn run(db: &Db, sql: String) {
    let done = db
        .write(sql, |tx, sql| {
            Box::pin(async move { tx.execute(sql, &[]).await })
        })
        .await;
    done.expect("the trigger is changed");
}
