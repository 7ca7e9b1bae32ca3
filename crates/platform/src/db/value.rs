//! Values on their way into a statement and out of a row.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use tessera_contracts::ids::{EventId, OrderId, PaymentId, SessionId, TicketId, UserId};
use uuid::Uuid;

use super::error::DbError;

/// A value bound to a `$1` of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Param<'a> {
    /// SQL's `NULL`.
    Null,
    /// `boolean`
    Bool(bool),
    /// `bigint`, `integer`
    Int(i64),
    /// `text`
    Text(Cow<'a, str>),
    /// `uuid`
    Uuid(Uuid),
    /// `timestamptz`
    Time(Timestamp),
    /// `bytea`
    Bytes(Cow<'a, [u8]>),
}

/// Makes the parameters of a statement: `&params![id, version, now]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::db::Param::from($value)),*] };
}

impl Param<'_> {
    /// The same value, owning what it holds.
    pub fn into_owned(self) -> Param<'static> {
        match self {
            Param::Null => Param::Null,
            Param::Bool(value) => Param::Bool(value),
            Param::Int(value) => Param::Int(value),
            Param::Text(value) => Param::Text(Cow::Owned(value.into_owned())),
            Param::Uuid(value) => Param::Uuid(value),
            Param::Time(value) => Param::Time(value),
            Param::Bytes(value) => Param::Bytes(Cow::Owned(value.into_owned())),
        }
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Param::Bool(value)
    }
}
impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Param::Int(value)
    }
}
impl From<i32> for Param<'_> {
    fn from(value: i32) -> Self {
        Param::Int(value.into())
    }
}
impl From<u32> for Param<'_> {
    fn from(value: u32) -> Self {
        Param::Int(value.into())
    }
}
impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Param::Text(Cow::Borrowed(value))
    }
}
impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Param::Text(Cow::Borrowed(value))
    }
}
impl From<String> for Param<'_> {
    fn from(value: String) -> Self {
        Param::Text(Cow::Owned(value))
    }
}
impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Param::Bytes(Cow::Borrowed(value))
    }
}
impl From<Vec<u8>> for Param<'_> {
    fn from(value: Vec<u8>) -> Self {
        Param::Bytes(Cow::Owned(value))
    }
}
impl From<Uuid> for Param<'_> {
    fn from(value: Uuid) -> Self {
        Param::Uuid(value)
    }
}
impl From<Timestamp> for Param<'_> {
    fn from(value: Timestamp) -> Self {
        Param::Time(value)
    }
}
impl<'a, T> From<Option<T>> for Param<'a>
where
    Param<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Param::from)
    }
}

/// A value of a row, before it is known what the reader wants it to be. SQLite keeps times as
/// integers of microseconds and ids as 16 bytes.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// SQL's `NULL`.
    Null,
    /// `bigint`, `integer`, and on SQLite `boolean` and `timestamptz`
    Int(i64),
    /// `text`
    Text(&'a str),
    /// `bytea`, and on SQLite `uuid`
    Bytes(&'a [u8]),
    /// A type that no table here uses.
    Other,
}

/// A type that a column can be read as.
pub trait FromColumn: Sized {
    /// Reads the value, or `None` when the column does not hold such a one.
    fn from_column(column: Column<'_>) -> Option<Self>;
}

impl FromColumn for i64 {
    fn from_column(column: Column<'_>) -> Option<Self> {
        if let Column::Int(value) = column {
            Some(value)
        } else {
            None
        }
    }
}
impl FromColumn for i32 {
    fn from_column(column: Column<'_>) -> Option<Self> {
        i64::from_column(column)?.try_into().ok()
    }
}
impl FromColumn for u32 {
    fn from_column(column: Column<'_>) -> Option<Self> {
        i64::from_column(column)?.try_into().ok()
    }
}
impl FromColumn for bool {
    fn from_column(column: Column<'_>) -> Option<Self> {
        match column {
            Column::Int(0) => Some(false),
            Column::Int(1) => Some(true),
            _ => None,
        }
    }
}
impl FromColumn for String {
    fn from_column(column: Column<'_>) -> Option<Self> {
        if let Column::Text(value) = column {
            Some(value.to_owned())
        } else {
            None
        }
    }
}
impl FromColumn for Vec<u8> {
    fn from_column(column: Column<'_>) -> Option<Self> {
        if let Column::Bytes(value) = column {
            Some(value.to_vec())
        } else {
            None
        }
    }
}
impl FromColumn for Uuid {
    fn from_column(column: Column<'_>) -> Option<Self> {
        if let Column::Bytes(value) = column {
            Uuid::from_slice(value).ok()
        } else {
            None
        }
    }
}
impl FromColumn for Timestamp {
    fn from_column(column: Column<'_>) -> Option<Self> {
        Timestamp::from_microsecond(i64::from_column(column)?).ok()
    }
}
impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(column: Column<'_>) -> Option<Self> {
        if let Column::Null = column {
            Some(None)
        } else {
            T::from_column(column).map(Some)
        }
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl From<$id> for Param<'_> {
            fn from(id: $id) -> Self {
                Param::Uuid(id.uuid())
            }
        }
        impl FromColumn for $id {
            fn from_column(column: Column<'_>) -> Option<Self> {
                Uuid::from_column(column).map(<$id>::from)
            }
        }
    )*};
}
ids!(EventId, OrderId, PaymentId, SessionId, TicketId, UserId);

/// A row as an engine has it.
pub(super) trait Columns {
    /// The value of a column, counted from 0.
    fn column(&self, index: usize) -> Result<Column<'_>, DbError>;

    /// Its name, for an error.
    fn name(&self, index: usize) -> String;
}

/// A row, read column by column in the order of its statement.
pub struct Row<'a> {
    inner: &'a dyn Columns,
    next: usize,
}

impl<'a> Row<'a> {
    pub(super) fn new(inner: &'a dyn Columns) -> Row<'a> {
        Row { inner, next: 0 }
    }

    /// The next column, as a `T`.
    #[expect(
        clippy::should_implement_trait,
        reason = "a row is no iterator: each column has a type of its own"
    )]
    pub fn next<T: FromColumn>(&mut self) -> Result<T, DbError> {
        let column = self.inner.column(self.next)?;
        let value = T::from_column(column).ok_or_else(|| self.corrupt(&format!("{column:?}")));
        self.next += 1;
        value
    }

    /// The next column, a text, parsed as a `T`: for states and other closed sets.
    pub fn parse<T: FromStr>(&mut self) -> Result<T, DbError> {
        let column = self.inner.column(self.next)?;
        let parsed = match column {
            Column::Text(text) => text.parse().ok(),
            _ => None,
        };
        let value = parsed.ok_or_else(|| self.corrupt(&format!("{column:?}")));
        self.next += 1;
        value
    }

    /// Like [`Row::parse`], for a column that may be `NULL`.
    pub fn parse_opt<T: FromStr>(&mut self) -> Result<Option<T>, DbError> {
        if let Column::Null = self.inner.column(self.next)? {
            self.next += 1;
            return Ok(None);
        }
        self.parse().map(Some)
    }

    fn corrupt(&self, found: &str) -> DbError {
        let name = self.inner.name(self.next);
        DbError::Corrupt(format!("column {name} holds {found}"))
    }
}

/// A type that a row can be read as.
pub trait FromRow: Sized {
    /// Reads the columns, in the order in which the statement names them.
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError>;
}

macro_rules! tuples {
    ($($($name:ident)+;)+) => {$(
        impl<$($name: FromColumn),+> FromRow for ($($name,)+) {
            fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
                Ok(($(row.next::<$name>()?,)+))
            }
        }
    )+};
}
tuples! { A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; }
