//! GPT-2 writes bytes as printable characters, so that its vocabulary can be a text file.

use std::collections::HashMap;

/// The characters that stand for the bytes 0 to 255.
///
/// Bytes that are visible characters in Latin-1 (33-126, 161-172, 174-255) stand for themselves. The other 68 get
/// the characters from U+0100 on, in order: byte 0 is `Ā`, a line feed `Ċ` (U+010A), a space `Ġ` (U+0120).
pub fn byte_table() -> [char; 256] {
    let mut stand_ins = '\u{100}'..;
    std::array::from_fn(|byte| match byte as u8 {
        printable @ (33..=126 | 161..=172 | 174..=255) => char::from(printable),
        _ => stand_ins.next().expect("there are more than 68 characters"),
    })
}

/// The byte of each character in the [`byte_table`].
pub fn bytes_of_characters() -> HashMap<char, u8> {
    byte_table().into_iter().zip(0..=255).collect()
}
