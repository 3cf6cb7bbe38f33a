//! The values of the metadata.

use std::fmt;

use super::cursor::Cursor;

/// The type of a value, with its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// 0.
    U8,
    /// 1.
    I8,
    /// 2.
    U16,
    /// 3.
    I16,
    /// 4.
    U32,
    /// 5.
    I32,
    /// 6.
    F32,
    /// 7, in a byte.
    Bool,
    /// 8, a length and as many bytes of UTF-8.
    String,
    /// 9, the type of the elements, their number and the elements.
    Array,
    /// 10.
    U64,
    /// 11.
    I64,
    /// 12.
    F64,
}

/// The types in the order of their numbers.
const TYPES: [ValueType; 13] = [
    ValueType::U8,
    ValueType::I8,
    ValueType::U16,
    ValueType::I16,
    ValueType::U32,
    ValueType::I32,
    ValueType::F32,
    ValueType::Bool,
    ValueType::String,
    ValueType::Array,
    ValueType::U64,
    ValueType::I64,
    ValueType::F64,
];

impl ValueType {
    fn read(cursor: &mut Cursor) -> Result<Self, String> {
        let number = cursor.u32()?;
        let known = usize::try_from(number).ok().and_then(|number| TYPES.get(number));
        known.copied().ok_or_else(|| format!("a value is of type {number}, which does not exist"))
    }

    /// The fewest bytes that a value of this type takes.
    fn least_bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::String => 8,
            Self::Array => 12,
        }
    }
}

/// A value of the metadata. Texts and arrays stay in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A whole number, signed or not, of 8 to 64 bits.
    Whole(i128),
    /// A number of 32 or 64 bits.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A text.
    String(&'a str),
    /// Values of one type.
    Array(Array<'a>),
}

impl<'a> Value<'a> {
    /// A type and a value of it.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, String> {
        match ValueType::read(cursor)? {
            ValueType::Array => Array::read(cursor).map(Self::Array),
            kind => Self::read_single(kind, cursor),
        }
    }

    /// A value that is not an array.
    fn read_single(kind: ValueType, cursor: &mut Cursor<'a>) -> Result<Self, String> {
        if kind == ValueType::String {
            return cursor.string().map(Self::String);
        }
        let bytes = cursor.bytes(kind.least_bytes() as u64)?;
        // The lowest byte comes first; a negative number of fewer bits has its sign in its last bit.
        let unsigned = bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let signed = (unsigned << (64 - 8 * bytes.len())).cast_signed() >> (64 - 8 * bytes.len());
        match kind {
            ValueType::F32 => Ok(Self::Float(f64::from(f32::from_bits(unsigned as u32)))),
            ValueType::F64 => Ok(Self::Float(f64::from_bits(unsigned))),
            ValueType::I8 | ValueType::I16 | ValueType::I32 | ValueType::I64 => Ok(Self::Whole(i128::from(signed))),
            ValueType::Bool if unsigned > 1 => Err(format!("a value that is true (1) or false (0) is {unsigned}")),
            ValueType::Bool => Ok(Self::Bool(unsigned == 1)),
            _ => Ok(Self::Whole(i128::from(unsigned))),
        }
    }

    /// What kind of value it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Whole(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Bool(_) => "true or false",
            Self::String(_) => "a text",
            Self::Array(_) => "an array",
        }
    }
}

impl fmt::Display for Value<'_> {
    /// A number as it is, anything else by its kind: for errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::String(_) | Self::Array(_) => f.write_str(self.kind()),
        }
    }
}

/// An array in the metadata. It stays in the file; [`values`](Self::values) reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Array<'a> {
    kind: ValueType,
    len: usize,
    bytes: &'a [u8],
}

impl<'a> Array<'a> {
    /// Reads past the elements, all of which are checked.
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, String> {
        let kind = ValueType::read(cursor)?;
        if kind == ValueType::Array {
            return Err("it holds an array of arrays".to_string());
        }
        let len = cursor.count("elements of an array", kind.least_bytes())?;
        let mut elements = *cursor;
        match kind {
            ValueType::String | ValueType::Bool => {
                for _ in 0..len {
                    Value::read_single(kind, &mut elements)?;
                }
            }
            _ => _ = elements.bytes((len * kind.least_bytes()) as u64)?,
        }
        let bytes = cursor.bytes((elements.position - cursor.position) as u64)?;
        Ok(Self { kind, len, bytes })
    }

    /// The type of the elements.
    pub fn kind(&self) -> ValueType {
        self.kind
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The elements.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let (kind, mut cursor) = (self.kind, Cursor::new(self.bytes));
        // They were read once before, so all of them can be read.
        (0..self.len).map_while(move |_| Value::read_single(kind, &mut cursor).ok())
    }
}
