//! Bounds-checked reading of a FlatBuffers file: tables, vectors and strings, nothing else.
//!
//! Every read is checked against the file, so a truncated or garbled file is an error and never a panic.
//! Format: a table starts with a signed offset back to its vtable; the vtable lists, per field slot, where the
//! field lies in the table (0 = absent); strings, vectors and sub-tables are reached by forward offsets.

use super::ConvertError;

/// What this module returns.
pub(super) type Read<T> = Result<T, ConvertError>;

fn malformed(what: &'static str) -> ConvertError {
    ConvertError::Malformed(what)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Read<[u8; N]> {
    let end = at.checked_add(N).ok_or(malformed("an offset overflows"))?;
    let slice = bytes
        .get(at..end)
        .ok_or(malformed("an offset points outside the file"))?;
    Ok(slice.try_into().expect("the slice has N bytes"))
}

fn u16_at(bytes: &[u8], at: usize) -> Read<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Read<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// Follows the forward offset stored at `at`.
fn follow(bytes: &[u8], at: usize) -> Read<usize> {
    let offset = u32_at(bytes, at)? as usize;
    at.checked_add(offset).ok_or(malformed("an offset overflows"))
}

/// A table of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    position: usize,
    vtable: usize,
    vtable_len: usize,
}

impl<'a> Table<'a> {
    /// The root table of a file that carries `identifier` as its file identifier.
    pub(super) fn root(bytes: &'a [u8], identifier: &[u8; 4]) -> Read<Self> {
        if array::<4>(bytes, 4)? != *identifier {
            return Err(malformed("the file identifier is not TFL3"));
        }
        Self::at(bytes, follow(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], position: usize) -> Read<Self> {
        let back = i64::from(i32::from_le_bytes(array(bytes, position)?));
        let vtable = i64::try_from(position)
            .ok()
            .and_then(|position| usize::try_from(position - back).ok())
            .ok_or(malformed("a vtable lies before the file"))?;
        let vtable_len = usize::from(u16_at(bytes, vtable)?);
        Ok(Self {
            bytes,
            position,
            vtable,
            vtable_len,
        })
    }

    /// Where the field lies in the file, `None` when it is absent and has its default.
    fn field(&self, slot: usize) -> Read<Option<usize>> {
        let entry = 4 + 2 * slot;
        if entry + 2 > self.vtable_len {
            return Ok(None);
        }
        let offset = usize::from(u16_at(self.bytes, self.vtable + entry)?);
        Ok((offset != 0).then_some(self.position + offset))
    }

    pub(super) fn u8(&self, slot: usize, default: u8) -> Read<u8> {
        self.field(slot)?
            .map_or(Ok(default), |at| array::<1>(self.bytes, at).map(|[byte]| byte))
    }

    pub(super) fn bool(&self, slot: usize) -> Read<bool> {
        Ok(self.u8(slot, 0)? != 0)
    }

    pub(super) fn i32(&self, slot: usize, default: i32) -> Read<i32> {
        self.field(slot)?
            .map_or(Ok(default), |at| array(self.bytes, at).map(i32::from_le_bytes))
    }

    pub(super) fn u32(&self, slot: usize, default: u32) -> Read<u32> {
        self.field(slot)?.map_or(Ok(default), |at| u32_at(self.bytes, at))
    }

    pub(super) fn u64(&self, slot: usize, default: u64) -> Read<u64> {
        self.field(slot)?
            .map_or(Ok(default), |at| array(self.bytes, at).map(u64::from_le_bytes))
    }

    pub(super) fn table(&self, slot: usize) -> Read<Option<Table<'a>>> {
        self.field(slot)?
            .map(|at| Table::at(self.bytes, follow(self.bytes, at)?))
            .transpose()
    }

    /// Start and byte length of a vector of `width`-byte elements.
    fn vector(&self, slot: usize, width: usize) -> Read<Option<(usize, &'a [u8])>> {
        let Some(at) = self.field(slot)? else {
            return Ok(None);
        };
        let start = follow(self.bytes, at)?;
        let len = u32_at(self.bytes, start)? as usize;
        let first = start + 4;
        let end = len.checked_mul(width).and_then(|bytes| first.checked_add(bytes));
        let elements = end.and_then(|end| self.bytes.get(first..end));
        elements
            .map(|elements| Some((first, elements)))
            .ok_or(malformed("a vector reaches beyond the file"))
    }

    /// A byte vector, empty when absent.
    pub(super) fn bytes(&self, slot: usize) -> Read<&'a [u8]> {
        Ok(self.vector(slot, 1)?.map_or(&[], |(_, elements)| elements))
    }

    /// An `i32` vector, `None` when absent.
    pub(super) fn i32s(&self, slot: usize) -> Read<Option<Vec<i32>>> {
        let decode = |elements: &[u8]| {
            elements
                .chunks_exact(4)
                .map(|e| i32::from_le_bytes(e.try_into().expect("chunks of 4")))
                .collect()
        };
        Ok(self.vector(slot, 4)?.map(|(_, elements)| decode(elements)))
    }

    /// A `u16` vector, `None` when absent.
    pub(super) fn u16s(&self, slot: usize) -> Read<Option<Vec<u16>>> {
        let decode = |elements: &[u8]| {
            elements
                .chunks_exact(2)
                .map(|e| u16::from_le_bytes(e.try_into().expect("chunks of 2")))
                .collect()
        };
        Ok(self.vector(slot, 2)?.map(|(_, elements)| decode(elements)))
    }

    /// A vector of tables, empty when absent.
    pub(super) fn tables(&self, slot: usize) -> Read<Vec<Table<'a>>> {
        let Some((first, elements)) = self.vector(slot, 4)? else {
            return Ok(Vec::new());
        };
        let count = elements.len() / 4;
        (0..count)
            .map(|i| Table::at(self.bytes, follow(self.bytes, first + 4 * i)?))
            .collect()
    }

    /// A string, empty when absent.
    pub(super) fn string(&self, slot: usize) -> Read<&'a str> {
        std::str::from_utf8(self.bytes(slot)?).map_err(|_| malformed("a name is not UTF-8"))
    }
}
