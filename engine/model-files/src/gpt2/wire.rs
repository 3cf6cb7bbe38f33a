//! Numbers and messages in Google's wire format, which TensorFlow's checkpoints are made of.
//!
//! A variable-length number ("varint") has seven bits in every byte, the lowest first; the eighth bit says that more
//! follow. A message is a row of fields: a number that holds the field's number and kind, then the value.

/// Takes values off the front of a slice. Every method fails when there is too little left.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

/// The value of a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WireValue<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn bytes(&mut self, count: u64) -> Result<&'a [u8], String> {
        let split = usize::try_from(count).ok().and_then(|count| self.0.split_at_checked(count));
        let (taken, rest) = split.ok_or(format!("{count} bytes should follow, but there are {}", self.0.len()))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.bytes(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number is too large".to_string())
    }

    /// The next field of a message and its number.
    pub(super) fn field(&mut self) -> Result<(u64, WireValue<'a>), String> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => WireValue::Number(self.varint()?),
            1 => WireValue::Number(little_endian(self.bytes(8)?)),
            2 => {
                let length = self.varint()?;
                WireValue::Bytes(self.bytes(length)?)
            }
            5 => WireValue::Number(little_endian(self.bytes(4)?)),
            kind => return Err(format!("a field is of kind {kind}, which does not exist")),
        };
        Ok((key >> 3, value))
    }
}

/// A number of up to eight bytes, the lowest first.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The checksum of `bytes` as these files store it: rotated and with a constant added, so that the checksum of bytes
/// that contain checksums is not a special case.
pub(super) fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (bytes, number) in [
            (&[0][..], 0),
            (&[0x7f], 127),
            (&[0x80, 1], 128),
            (&[0xac, 2], 300),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], u64::MAX),
        ] {
            let mut reader = Reader(bytes);
            assert_eq!(reader.varint(), Ok(number));
            assert!(reader.is_empty());
        }
        assert_eq!(Reader(&[0x80]).varint().unwrap_err(), "1 bytes should follow, but there are 0");
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert_eq!(Reader(&too_large).varint().unwrap_err(), "a number is too large");
        assert_eq!(Reader(&[0xff; 11]).varint().unwrap_err(), "a number is too large");
    }

    #[test]
    fn fields() {
        let message = [0x08, 0x96, 0x01, 0x12, 2, 7, 8, 0x35, 1, 2, 0, 0, 0x0b];
        let mut reader = Reader(&message);
        assert_eq!(reader.field(), Ok((1, WireValue::Number(150))));
        assert_eq!(reader.field(), Ok((2, WireValue::Bytes(&[7, 8]))));
        assert_eq!(reader.field(), Ok((6, WireValue::Number(0x0201))));
        assert_eq!(reader.field().unwrap_err(), "a field is of kind 3, which does not exist");
        assert_eq!(Reader(&[0x12, 200, 1, 0]).field().unwrap_err(), "200 bytes should follow, but there are 1");
    }

    /// The CRC-32C of 32 zero bytes is 8a9136aa (RFC 3720, B.4).
    #[test]
    fn checksums() {
        let unmasked = masked_crc(&[0; 32]).wrapping_sub(0xa282_ead8).rotate_left(15);
        assert_eq!(unmasked, 0x8a91_36aa);
    }
}
