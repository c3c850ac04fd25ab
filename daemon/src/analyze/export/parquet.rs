//! A table as a Parquet file.

use super::columns::{Table, Values};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::Write;
use std::sync::Arc;

/// The bytes of a file with one row group. Text, counts and moments are required, other numbers are nullable doubles.
pub fn encode(table: &Table) -> Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new(), table)?;
    writer.add(table)?;
    writer.finish()
}

/// A file under way, one group of rows after the other.
pub struct Writer<W: Write + Send>(SerializedFileWriter<W>);

impl<W: Write + Send> Writer<W> {
    /// Begins a file whose columns are those of a table.
    pub fn new(out: W, table: &Table) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_created_by(concat!("kinemotion ", env!("CARGO_PKG_VERSION")).into())
            .build();
        SerializedFileWriter::new(out, Arc::new(schema(table)?), Arc::new(properties)).map(Self)
    }

    /// Adds rows, as a group of their own.
    pub fn add(&mut self, table: &Table) -> Result<()> {
        let mut group = self.0.next_row_group()?;
        for column in table {
            let mut out = group.next_column()?.expect("the schema has every column");
            match &column.values {
                Values::Text(values) => {
                    let bytes: Vec<ByteArray> = values.iter().map(|v| ByteArray::from(v.as_str())).collect();
                    out.typed::<ByteArrayType>().write_batch(&bytes, None, None)?;
                }
                Values::MaybeText(values) => {
                    let present = values.iter().flatten();
                    let present: Vec<ByteArray> = present.map(|v| ByteArray::from(v.as_str())).collect();
                    out.typed::<ByteArrayType>()
                        .write_batch(&present, Some(&levels(values)), None)?;
                }
                Values::Count(values) | Values::Moment(values) => {
                    out.typed::<Int64Type>().write_batch(values, None, None)?;
                }
                Values::Number(values) => {
                    let present: Vec<f64> = values.iter().flatten().copied().collect();
                    out.typed::<DoubleType>()
                        .write_batch(&present, Some(&levels(values)), None)?;
                }
            }
            out.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(self) -> Result<W> {
        self.0.into_inner()
    }
}

/// Whether each value is there, as Parquet has it.
fn levels<T>(values: &[Option<T>]) -> Vec<i16> {
    values.iter().map(|value| i16::from(value.is_some())).collect()
}

fn schema(table: &Table) -> Result<Type> {
    let field = |(name, values): (&str, &Values)| {
        let (physical, logical, repetition) = match values {
            Values::Text(_) => (
                PhysicalType::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            ),
            Values::MaybeText(_) => (
                PhysicalType::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::OPTIONAL,
            ),
            Values::Count(_) => (PhysicalType::INT64, None, Repetition::REQUIRED),
            Values::Moment(_) => (
                PhysicalType::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
                Repetition::REQUIRED,
            ),
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

    #[test]
    fn rows_of_several_groups_are_one_table() {
        let part = |names: &[Option<&str>], moments: &[i64]| {
            let names = names.iter().map(|name| name.map(str::to_owned)).collect();
            vec![
                Column {
                    name: "athlete_id",
                    values: Values::MaybeText(names),
                },
                Column {
                    name: "at",
                    values: Values::Moment(moments.to_vec()),
                },
            ]
        };
        let mut writer = Writer::new(Vec::new(), &part(&[], &[])).expect("begins");
        for part in [part(&[Some("a"), None], &[1, 2]), part(&[None], &[3])] {
            writer.add(&part).expect("a vector takes everything");
        }
        let bytes = writer.finish().expect("a vector takes everything");
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("a Parquet file");
        assert_eq!(reader.num_row_groups(), 2);
        let rows: Vec<_> = reader
            .get_row_iter(None)
            .expect("rows")
            .map(|row| row.expect("a row"))
            .collect();
        assert_eq!(rows[0].get_string(0).expect("text"), "a");
        assert!(rows[2].get_string(0).is_err(), "a hole is null");
        assert_eq!(rows[2].get_timestamp_millis(1).expect("a moment"), 3);
    }
}
