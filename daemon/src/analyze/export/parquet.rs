//! A table as a Parquet file.

use super::columns::{Table, Values};
use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::sync::Arc;

/// The bytes of a file with one row group. Text and counts are required, numbers are nullable doubles.
pub fn encode(table: &Table) -> Result<Vec<u8>> {
    let properties =
        WriterProperties::builder().set_created_by(concat!("kinemotion ", env!("CARGO_PKG_VERSION")).into());
    let mut writer =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema(table)?), Arc::new(properties.build()))?;
    let mut group = writer.next_row_group()?;
    for column in table {
        let mut out = group.next_column()?.expect("the schema has every column");
        match &column.values {
            Values::Text(values) => {
                let bytes: Vec<ByteArray> = values.iter().map(|v| ByteArray::from(v.as_str())).collect();
                out.typed::<ByteArrayType>().write_batch(&bytes, None, None)?;
            }
            Values::Count(values) => {
                out.typed::<Int64Type>().write_batch(values, None, None)?;
            }
            Values::Number(values) => {
                let levels: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
                let present: Vec<f64> = values.iter().flatten().copied().collect();
                out.typed::<DoubleType>()
                    .write_batch(&present, Some(&levels), None)?;
            }
        }
        out.close()?;
    }
    group.close()?;
    writer.into_inner()
}

fn schema(table: &Table) -> Result<Type> {
    let field = |(name, values): (&str, &Values)| {
        let (physical, logical, repetition) = match values {
            Values::Text(_) => (
                PhysicalType::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            ),
            Values::Count(_) => (PhysicalType::INT64, None, Repetition::REQUIRED),
            Values::Number(_) => (PhysicalType::DOUBLE, None, Repetition::OPTIONAL),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    };
    let fields: Result<Vec<_>> = table
        .iter()
        .map(|column| field((column.name, &column.values)))
        .collect();
    Type::group_type_builder("schema").with_fields(fields?).build()
}

#[cfg(test)]
mod tests {
    use super::super::columns::Column;
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn what_is_written_can_be_read_back_with_holes_in_it() {
        let column = |name, values| Column { name, values };
        let table = vec![
            column("task", Values::Text(vec!["run".into(), "jump".into()])),
            column("step", Values::Count(vec![0, 7])),
            column("angle", Values::Number(vec![None, Some(0.25)])),
        ];
        let bytes = encode(&table).expect("a vector takes everything");
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("a Parquet file");
        let rows: Vec<_> = reader
            .get_row_iter(None)
            .expect("rows")
            .map(|row| row.expect("a row"))
            .collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].get_string(0).expect("text"), "jump");
        assert_eq!(rows[1].get_long(1).expect("a count"), 7);
        assert!(rows[0].get_double(2).is_err(), "a hole is null");
        assert!((rows[1].get_double(2).expect("a number") - 0.25).abs() < 1e-12);
    }
}
