//! Writes the MaxMind DB file format, version 2.0: search tree, separator, data, metadata.

use super::tree::Branch;

/// A database to be written.
pub(super) struct Database<'d> {
    pub kind: &'d str,
    /// Unix seconds of the data in it.
    pub build_epoch: u64,
    /// 4, or 6 with IPv4's addresses at `::/96`.
    pub ip_version: u16,
    /// At least one; the first is the root.
    pub nodes: &'d [[Branch; 2]],
    /// What [`Branch::Answer`] counts.
    pub records: &'d [Value<'d>],
}

/// A value of the data section, of the types that are needed.
#[derive(Clone, Debug)]
pub(super) enum Value<'v> {
    Text(&'v str),
    U16(u16),
    U32(u32),
    U64(u64),
    Map(Vec<(&'v str, Value<'v>)>),
    Array(Vec<Value<'v>>),
}

const SEPARATOR: [u8; 16] = [0; 16];
const METADATA: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// A node is two numbers of three bytes.
const RECORD_BITS: u16 = 24;

impl Database<'_> {
    /// The file, or `None` where its numbers do not fit into three bytes: at some 100 MB.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut data = Vec::new();
        let mut offsets = Vec::with_capacity(self.records.len());
        for record in self.records {
            offsets.push(data.len());
            record.write(&mut data);
        }
        let count = self.nodes.len();
        let mut bytes = Vec::with_capacity(count * 6 + data.len() + 512);
        for branch in self.nodes.as_flattened() {
            let number = match *branch {
                Branch::Node(node) => node,
                Branch::Nothing => count,
                Branch::Answer(answer) => count + SEPARATOR.len() + offsets[answer],
            };
            let number = u32::try_from(number).ok().filter(|number| *number < 1 << RECORD_BITS)?;
            bytes.extend_from_slice(&number.to_be_bytes()[1..]);
        }
        bytes.extend_from_slice(&SEPARATOR);
        bytes.extend_from_slice(&data);
        bytes.extend_from_slice(METADATA);
        self.metadata(u32::try_from(count).ok()?).write(&mut bytes);
        Some(bytes)
    }

    fn metadata(&self, node_count: u32) -> Value<'_> {
        let description = "What the rules of a Nearhop bundle ask of an address";
        Value::Map(vec![
            ("binary_format_major_version", Value::U16(2)),
            ("binary_format_minor_version", Value::U16(0)),
            ("build_epoch", Value::U64(self.build_epoch)),
            ("database_type", Value::Text(self.kind)),
            ("description", Value::Map(vec![("en", Value::Text(description))])),
            ("ip_version", Value::U16(self.ip_version)),
            ("languages", Value::Array(vec![Value::Text("en")])),
            ("node_count", Value::U32(node_count)),
            ("record_size", Value::U16(RECORD_BITS)),
        ])
    }
}

impl Value<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Text(text) => {
                control(2, text.len(), out);
                out.extend_from_slice(text.as_bytes());
            }
            Value::U16(number) => unsigned(5, (*number).into(), out),
            Value::U32(number) => unsigned(6, (*number).into(), out),
            Value::U64(number) => unsigned(9, *number, out),
            Value::Map(entries) => {
                control(7, entries.len(), out);
                for (key, value) in entries {
                    Value::Text(key).write(out);
                    value.write(out);
                }
            }
            Value::Array(values) => {
                control(11, values.len(), out);
                values.iter().for_each(|value| value.write(out));
            }
        }
    }
}

/// A number without its leading zero bytes.
fn unsigned(kind: u8, number: u64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let significant = &bytes[number.leading_zeros() as usize / 8..];
    control(kind, significant.len(), out);
    out.extend_from_slice(significant);
}

/// The type and size in front of a value: types beyond 7 take a second byte, and so do sizes from
/// 29 on.
fn control(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (short, long) = match size {
        0..29 => (size as u8, None),
        29..285 => (29, Some((size - 29) as u8)),
        _ => unreachable!("no text or list of ours is that long"),
    };
    match kind {
        0..8 => out.push(kind << 5 | short),
        _ => out.extend_from_slice(&[short, kind - 7]),
    }
    out.extend(long);
}
