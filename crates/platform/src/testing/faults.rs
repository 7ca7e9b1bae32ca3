//! Faults planted in a real database: a table that refuses changes, as a failing step would.

use crate::db::Db;

/// Makes every `operation` (`INSERT`, `UPDATE` or `DELETE`) on `table` fail.
pub async fn forbid(db: &Db, table: &'static str, operation: &'static str) {
    let sql = format!(
        "CREATE TRIGGER planted_{table}_{operation} BEFORE {operation} ON {table}
         BEGIN SELECT RAISE(ABORT, 'planted fault'); END"
    );
    run(db, sql).await;
}

/// Takes the fault away again.
pub async fn permit(db: &Db, table: &'static str, operation: &'static str) {
    run(db, format!("DROP TRIGGER planted_{table}_{operation}")).await;
}

async fn run(db: &Db, sql: String) {
    let done = db
        .write(sql, |tx, sql| {
            Box::pin(async move { tx.execute(sql, &[]).await })
        })
        .await;
    done.expect("the trigger is changed");
}
