//! Values on their way to PostgreSQL and back, in its binary format.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

use crate::db::error::DbError;
use crate::db::value::{Column, Columns, Param};

type Wrong = Box<dyn Error + Sync + Send>;

/// PostgreSQL counts microseconds from the first day of 2000.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Wrong> {
        match (self, ty) {
            (Param::Null, _) => return Ok(IsNull::Yes),
            (Param::Bool(value), &Type::BOOL) => out.put_u8(u8::from(*value)),
            (Param::Int(value), &Type::INT8) => out.put_i64(*value),
            (Param::Int(value), &Type::INT4) => out.put_i32(i32::try_from(*value)?),
            (Param::Int(value), &Type::INT2) => out.put_i16(i16::try_from(*value)?),
            (Param::Text(text), &Type::TEXT | &Type::VARCHAR) => out.put_slice(text.as_bytes()),
            (Param::Uuid(id), &Type::UUID) => out.put_slice(id.as_bytes()),
            (Param::Time(time), &Type::TIMESTAMPTZ) => {
                let micros = time.as_microsecond().checked_sub(EPOCH_MICROS);
                out.put_i64(micros.ok_or("the time is too far away")?);
            }
            (Param::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (value, ty) => {
                return Err(format!("a {ty} is asked for, and {value:?} is given").into());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A value as it came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Wrong> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Columns for Row {
    fn column(&self, index: usize) -> Result<Column<'_>, DbError> {
        let Some(described) = self.columns().get(index) else {
            return Err(DbError::Statement(format!("it answers no column {index}")));
        };
        let Some(Raw(raw)) = self.try_get(index)? else {
            return Ok(Column::Null);
        };
        Ok(read(described.type_(), raw).unwrap_or(Column::Other))
    }

    fn name(&self, index: usize) -> String {
        let column = self.columns().get(index);
        column.map_or("?", |column| column.name()).to_owned()
    }
}

fn read<'a>(ty: &Type, raw: &'a [u8]) -> Option<Column<'a>> {
    Some(match *ty {
        Type::BOOL => Column::Int(i64::from(*raw.first()?)),
        Type::INT8 => Column::Int(i64::from_be_bytes(raw.try_into().ok()?)),
        Type::INT4 => Column::Int(i32::from_be_bytes(raw.try_into().ok()?).into()),
        Type::INT2 => Column::Int(i16::from_be_bytes(raw.try_into().ok()?).into()),
        Type::TEXT | Type::VARCHAR | Type::NAME => Column::Text(std::str::from_utf8(raw).ok()?),
        Type::TIMESTAMPTZ => {
            Column::Int(i64::from_be_bytes(raw.try_into().ok()?).checked_add(EPOCH_MICROS)?)
        }
        Type::UUID | Type::BYTEA => Column::Bytes(raw),
        _ => return None,
    })
}
