//! The colors of a picture, on a light and on a dark background.
//!
//! A picture is drawn in the colors of the light background, as attributes, which every viewer shows. A style sheet in
//! it replaces each of them by its dark partner where the reader's system asks for dark colors.

use plotters::style::RGBColor;

/// A color for both backgrounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shade {
    /// On the light background.
    pub light: RGBColor,
    /// On the dark one.
    pub dark: RGBColor,
}

/// How the elements of one series differ from those of another, in color and without.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    pub color: Shade,
    /// Lengths of dash, gap, dash, ... of its line in pixels; empty if the line is solid.
    pub dashes: &'static [u32],
    /// Direction of the hatching of its bars in degrees; `None` if they are solid.
    pub hatching: Option<i32>,
    /// What its line looks like, for the description.
    pub look: &'static str,
}

pub const BACKGROUND: Shade = shade(0xFFFFFF, 0x161B22);
/// Text and axes.
pub const FOREGROUND: Shade = shade(0x000000, 0xE6EDF3);
/// Lines that only lead the eye, on purpose hardly visible.
pub const GRID: Shade = shade(0xDDDDDD, 0x3A414A);
/// A cell of a heat map with the largest value; text is readable on it.
pub const CELL: Shade = shade(0x4292C6, 0x1C66A8);
/// Lines and bars, in this order.
pub const SERIES: [Series; 4] = [
    Series { color: shade(0x1F77B4, 0x58A6FF), dashes: &[], hatching: None, look: "solid" },
    Series { color: shade(0xC2540A, 0xF0883E), dashes: &[7, 4], hatching: Some(45), look: "dashed" },
    Series { color: shade(0x2C8C3C, 0x56D364), dashes: &[2, 3], hatching: Some(90), look: "dotted" },
    Series { color: shade(0x8C46AA, 0xD2A8FF), dashes: &[8, 3, 2, 3], hatching: Some(135), look: "dash-dotted" },
];

/// All colors that a picture may use. No two are alike on the light background, so that the style sheet can tell them
/// apart.
pub const PALETTE: [Shade; 8] =
    [BACKGROUND, FOREGROUND, GRID, CELL, SERIES[0].color, SERIES[1].color, SERIES[2].color, SERIES[3].color];

const fn shade(light: u32, dark: u32) -> Shade {
    Shade { light: rgb(light), dark: rgb(dark) }
}

const fn rgb(hex: u32) -> RGBColor {
    let [_, red, green, blue] = hex.to_be_bytes();
    RGBColor(red, green, blue)
}

/// A color as in SVG, in the way that plotters writes it.
pub fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// The style of the series with this number; after the last style comes the first again.
pub fn series(at: usize) -> Series {
    SERIES[at % SERIES.len()]
}

/// The rules that put the dark colors in the place of the light ones.
pub fn style_sheet() -> String {
    let rule = |Shade { light, dark }: Shade| {
        let (light, dark) = (hex(light), hex(dark));
        format!("[fill=\"{light}\"] {{ fill: {dark} }}\n[stroke=\"{light}\"] {{ stroke: {dark} }}\n")
    };
    let rules: String = PALETTE.into_iter().map(rule).collect();
    format!(":root {{ color-scheme: light dark }}\n@media (prefers-color-scheme: dark) {{\n{rules}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2, relative luminance.
    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            light => ((light + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// WCAG 2.2, contrast ratio.
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn assert_contrast(color: Shade, background: Shade, least: f64) {
        for (color, background) in [(color.light, background.light), (color.dark, background.dark)] {
            let found = contrast(color, background);
            assert!(found >= least, "{color:?} on {background:?}: {found:.2}, less than {least}");
        }
    }

    /// A mixture of two colors with this share of the second one.
    fn mixture(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
        let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
        RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
    }

    /// White on black has the largest ratio; #767676 is the lightest gray that WCAG's 4.5 allows on white.
    #[test]
    fn the_contrast_is_that_of_wcag() {
        assert!((contrast(rgb(0xFFFFFF), rgb(0x000000)) - 21.0).abs() < 1e-9);
        assert!(contrast(rgb(0xFFFFFF), rgb(0x767676)) >= 4.5 && contrast(rgb(0xFFFFFF), rgb(0x777777)) < 4.5);
    }

    /// WCAG 2.2: 4.5 for text (1.4.3), 3 for graphics (1.4.11).
    #[test]
    fn text_and_lines_stand_out_from_both_backgrounds() {
        assert_contrast(FOREGROUND, BACKGROUND, 4.5);
        SERIES.iter().for_each(|series| assert_contrast(series.color, BACKGROUND, 3.0));
        for percent in 0..=100 {
            let cell = |background, cell| mixture(background, cell, f64::from(percent) / 100.0);
            let cell = Shade { light: cell(BACKGROUND.light, CELL.light), dark: cell(BACKGROUND.dark, CELL.dark) };
            assert_contrast(FOREGROUND, cell, 4.5);
        }
    }

    #[test]
    fn colors_dashes_and_hatching_tell_series_apart() {
        for (i, a) in PALETTE.iter().enumerate() {
            assert!(PALETTE[..i].iter().all(|b| a.light != b.light), "{a:?} is there twice");
        }
        for (i, a) in SERIES.iter().enumerate() {
            let differs = |b: &Series| a.dashes != b.dashes && a.hatching != b.hatching;
            assert!(SERIES[..i].iter().all(differs), "{a:?} is there twice");
        }
    }
}
