//! A row, as SQLite has it.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::db::error::DbError;
use crate::db::value::{Column, Columns};

impl Columns for Row<'_> {
    fn column(&self, index: usize) -> Result<Column<'_>, DbError> {
        Ok(match self.get_ref(index)? {
            ValueRef::Null => Column::Null,
            ValueRef::Integer(value) => Column::Int(value),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Column::Text(text),
                Err(_) => Column::Other,
            },
            ValueRef::Blob(bytes) => Column::Bytes(bytes),
            ValueRef::Real(_) => Column::Other,
        })
    }

    fn name(&self, index: usize) -> String {
        let name = self.as_ref().column_name(index);
        name.unwrap_or("?").to_owned()
    }
}
