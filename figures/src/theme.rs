//! The colors of all figures and what they mean.
//!
//! A drawing names no color but a variable with the light color as its fallback, for example
//! `fill: var(--fig-ink, #1f2430)`. A page that shows the figure as part of itself may set the variables; a figure shown
//! as a file of its own takes the dark palette where the reader's system asks for it.

/// What a part of a figure stands for; it has the same color in the whole book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An operation or a remark that is none of the others.
    Plain,
    /// Text, tokens, their ids, and the vectors that stand for tokens.
    Token,
    /// What is trained: weight matrices, layers, models.
    Weight,
    /// What is measured: attention scores and weights, probabilities, counts, losses.
    Score,
    /// What comes out: context vectors, logits, targets, the next token.
    Output,
    /// What is wrong, lost or unknown.
    Alert,
    /// What must not be seen or is left out; hatched.
    Mask,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] =
        [Self::Plain, Self::Token, Self::Weight, Self::Score, Self::Output, Self::Alert, Self::Mask];
}

/// A color of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text.
    Ink,
    /// Text beside the point.
    Muted,
    /// The background.
    Paper,
    /// Lines that only lead the eye, on purpose hardly visible.
    Grid,
    /// Borders, lines and text of a role.
    Strong(Role),
    /// Areas of a role, with text on them.
    Soft(Role),
    /// Thin slanting lines of a role.
    Hatch(Role),
}

/// A color as red, green and blue.
pub type Rgb = u32;

/// A variable of the style sheet.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name after `--fig-`.
    pub name: &'static str,
    /// Its value on a light background.
    pub light: Rgb,
    /// Its value on a dark background.
    pub dark: Rgb,
}

const fn variable(name: &'static str, light: Rgb, dark: Rgb) -> Variable {
    Variable { name, light, dark }
}

/// All variables. A page that sets them sets all of them.
pub const VARIABLES: [Variable; 18] = [
    variable("paper", 0xffffff, 0x171b22),
    variable("ink", 0x1f2430, 0xe6eaf0),
    variable("muted", 0x565f6e, 0xa6b0bf),
    variable("grid", 0xdde1e8, 0x343c48),
    variable("plain", 0x667085, 0x8a95a7),
    variable("plain-soft", 0xf3f5f8, 0x222831),
    variable("token", 0x1d5fbf, 0x7cb2ff),
    variable("token-soft", 0xe4eefc, 0x1a2c48),
    variable("weight", 0x7a3fb8, 0xc9a0ff),
    variable("weight-soft", 0xf1e8fb, 0x302545),
    variable("score", 0x9a5200, 0xf2b45a),
    variable("score-soft", 0xfdf0dc, 0x3b2d1a),
    variable("output", 0x17724a, 0x68d39b),
    variable("output-soft", 0xe0f4e9, 0x173527),
    variable("alert", 0xb82e3a, 0xff9494),
    variable("alert-soft", 0xfde8e8, 0x422429),
    variable("mask", 0x8a93a1, 0x77828f),
    variable("mask-soft", 0xeef0f3, 0x252b34),
];

impl Paint {
    /// The name of the variable after `--fig-`.
    pub fn name(self) -> &'static str {
        use Role::{Alert, Mask, Output, Plain, Score, Token, Weight};
        match self {
            Self::Ink => "ink",
            Self::Muted => "muted",
            Self::Paper => "paper",
            Self::Grid => "grid",
            Self::Strong(role) | Self::Hatch(role) => match role {
                Plain => "plain",
                Token => "token",
                Weight => "weight",
                Score => "score",
                Output => "output",
                Alert => "alert",
                Mask => "mask",
            },
            Self::Soft(role) => match role {
                Plain => "plain-soft",
                Token => "token-soft",
                Weight => "weight-soft",
                Score => "score-soft",
                Output => "output-soft",
                Alert => "alert-soft",
                Mask => "mask-soft",
            },
        }
    }

    /// The variable of this color.
    ///
    /// # Panics
    /// If [`VARIABLES`] lacks it.
    pub fn variable(self) -> Variable {
        let name = self.name();
        VARIABLES.into_iter().find(|variable| variable.name == name).expect("each color is a variable")
    }
}

/// A color as in CSS.
pub fn hex(color: Rgb) -> String {
    format!("#{color:06x}")
}

/// How opaque the cell of a matrix is with the smallest and with the largest value.
pub const CELL_OPACITY: (f64, f64) = (0.04, 0.46);

/// The declarations that put the dark palette in the place of the light one.
pub fn dark_declarations() -> String {
    let declaration = |variable: &Variable| format!("--fig-{}:{}", variable.name, hex(variable.dark));
    VARIABLES.iter().map(declaration).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2, relative luminance.
    fn luminance(color: Rgb) -> f64 {
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            light => ((light + 0.055) / 1.055).powf(2.4),
        };
        let [_, red, green, blue] = color.to_be_bytes();
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// WCAG 2.2, contrast ratio.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// A mixture of two colors with this share of the second one.
    fn mixture(from: Rgb, to: Rgb, share: f64) -> Rgb {
        let mix = |(from, to): (u8, u8)| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u32;
        let channels = from.to_be_bytes().into_iter().zip(to.to_be_bytes());
        channels.fold(0, |color, channel| color << 8 | mix(channel))
    }

    fn assert_contrast(color: Paint, background: Paint, least: f64) {
        let (a, b) = (color.variable(), background.variable());
        for (color, background) in [(a.light, b.light), (a.dark, b.dark)] {
            let found = contrast(color, background);
            assert!(found >= least, "{} on {}: {found:.2}, less than {least}", a.name, b.name);
        }
    }

    /// White on black has the largest ratio; #767676 is the lightest gray that WCAG's 4.5 allows on white.
    #[test]
    fn the_contrast_is_that_of_wcag() {
        assert!((contrast(0xffffff, 0x000000) - 21.0).abs() < 1e-9);
        assert!(contrast(0xffffff, 0x767676) >= 4.5 && contrast(0xffffff, 0x777777) < 4.5);
        assert_eq!(mixture(0x000000, 0xff8000, 0.5), 0x804000);
    }

    /// WCAG 2.2: 4.5 for text (1.4.3), 3 for graphics (1.4.11).
    #[test]
    fn text_and_lines_stand_out_in_both_palettes() {
        for text in [Paint::Ink, Paint::Muted] {
            assert_contrast(text, Paint::Paper, 4.5);
            Role::ALL.iter().for_each(|role| assert_contrast(text, Paint::Soft(*role), 4.5));
        }
        assert_contrast(Paint::Paper, Paint::Ink, 4.5);
        for role in Role::ALL {
            let least = if role == Role::Mask { 3.0 } else { 4.5 };
            assert_contrast(Paint::Strong(role), Paint::Paper, least);
            assert_contrast(Paint::Strong(role), Paint::Soft(role), if role == Role::Mask { 2.6 } else { 4.5 });
        }
    }

    /// The value in the cell of a matrix is readable, however large it is.
    #[test]
    fn values_stand_out_from_their_cells() {
        let (ink, paper) = (Paint::Ink.variable(), Paint::Paper.variable());
        for role in Role::ALL {
            let color = Paint::Strong(role).variable();
            for percent in 0..=(CELL_OPACITY.1 * 100.0) as u32 {
                let share = f64::from(percent) / 100.0;
                let light = contrast(ink.light, mixture(paper.light, color.light, share));
                let dark = contrast(ink.dark, mixture(paper.dark, color.dark, share));
                assert!(light >= 4.5 && dark >= 4.5, "{}, {percent} %: {light:.2} and {dark:.2}", color.name);
            }
        }
    }

    #[test]
    fn every_variable_is_used() {
        let mut names: Vec<_> = [Paint::Ink, Paint::Muted, Paint::Paper, Paint::Grid].map(Paint::name).into();
        names.extend(Role::ALL.iter().flat_map(|role| [Paint::Strong(*role), Paint::Soft(*role)]).map(Paint::name));
        assert!(VARIABLES.iter().all(|variable| names.contains(&variable.name)) && names.len() == VARIABLES.len());
    }
}
