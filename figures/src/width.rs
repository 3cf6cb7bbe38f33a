//! How wide a text is.
//!
//! A reader's browser chooses the font, so widths are those of DejaVu Sans, the widest of the common ones: what fits
//! there fits in Segoe UI, San Francisco, Roboto and Liberation Sans.

/// Advances of the characters from space to `~` in hundredths of the font size.
const REGULAR: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69,
    61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63,
    59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/// The same in bold.
const BOLD: [u8; 95] = [
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40,
    84, 84, 84, 58, 100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 37, 77, 64, 100, 84, 85, 73, 85, 77, 72, 68, 81, 77, 110,
    77, 72, 73, 46, 37, 46, 84, 50, 50, 67, 72, 59, 72, 68, 44, 72, 71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60,
    48, 71, 65, 92, 65, 65, 58, 71, 37, 71, 84,
];

/// Advance of each character of a font for code.
const MONO: f64 = 0.61;

/// The width of a text in the unit of its font size: a Han character takes all of it.
pub fn advance(text: &str, bold: bool, mono: bool) -> f64 {
    let table = if bold { &BOLD } else { &REGULAR };
    let of = |c: char| match c {
        '\u{2e80}'.. => 1.0,
        _ if mono => MONO,
        ' '..='~' => f64::from(table[c as usize - ' ' as usize]) / 100.0,
        '·' | '’' | '‘' | 'ı' => 0.38,
        '₀'..='₉' | '²' | '³' | '¹' | 'ⁱ' => 0.44,
        '–' | '“' | '”' | '°' => 0.66,
        '×' | '÷' | '±' | '¬' => 0.88,
        '␣' => 0.94,
        '\u{370}'..='\u{3ff}' | '\u{a0}'..='\u{24f}' => 0.72,
        '—' | '…' => 1.0,
        _ => 0.84,
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::advance;

    /// Widths at 100 px that Chromium measured (`getComputedTextLength`), regular and bold, in DejaVu Sans, Liberation
    /// Sans (as wide as Arial) and Noto Sans CJK SC.
    const MEASURED: [(&str, [f64; 3], [f64; 3]); 8] = [
        ("attention weights", [877.0, 751.0, 815.0], [1003.0, 822.0, 869.0]),
        ("In the heart of", [715.0, 617.0, 652.0], [815.0, 661.0, 694.0]),
        ("−2.8400", [434.0, 364.0, 361.0], [470.0, 364.0, 387.0]),
        ("词元 ID", [338.0, 328.0, 321.0], [355.0, 328.0, 327.0]),
        ("Transformer 块", [732.0, 669.0, 695.0], [822.0, 711.0, 734.0]),
        ("3 × 4", [275.0, 225.0, 256.0], [293.0, 225.0, 263.0]),
        ("α₂₁ = 0.15", [516.0, 447.0, 437.0], [556.0, 450.0, 460.0]),
        ("␣journey", [439.0, 428.0, 457.0], [499.0, 461.0, 480.0]),
    ];

    /// The tables are rounded to hundredths, hence the 1 %. An estimate of more than 20 % too much would waste space.
    #[test]
    fn texts_are_no_wider_than_estimated() {
        for (text, regular, bold) in MEASURED {
            for (measured, is_bold) in [(regular, false), (bold, true)] {
                let estimate = 100.0 * advance(text, is_bold, false);
                let widest = measured.into_iter().fold(0.0, f64::max);
                assert!(widest <= 1.01 * estimate && estimate < 1.2 * widest, "{text}: {estimate}, {measured:?}");
            }
        }
        let mono = 100.0 * advance("causal_mask", false, true);
        assert!((662.0..680.0).contains(&mono), "{mono}");
    }
}
