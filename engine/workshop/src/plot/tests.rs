//! What holds for every picture, whoever draws it.

use roxmltree::{Document, Node};

use super::theme::{PALETTE, SERIES, hex};
use super::{Line, LineChart, grouped_bars, heatmap};

/// Names with all that XML treats specially.
const NAME: &str = "<|a & \"b\"|> 词元";

fn line_chart() -> String {
    let line = |name, end| Line { name, points: vec![(0.0, 10.0), (1.0, f64::NAN), (3.0, end)] };
    LineChart {
        title: NAME,
        x_label: "Epochs",
        x_counts: true,
        y_label: NAME,
        top_axis: Some(("Tokens seen", 5120.0)),
        lines: vec![line(NAME, 2.0), line("Validation", 6.0), line("Third", 7.0), line("Fourth", 8.0)],
    }
    .svg()
    .unwrap()
}

fn pictures() -> [String; 3] {
    let labels = [NAME.to_string(), "\u{0}\n".to_string()];
    let series: Vec<_> = [NAME, "2", "3", "4"].map(|name| (name, vec![0.25, 0.75])).into();
    [
        line_chart(),
        grouped_bars(NAME, NAME, &[NAME, "\u{1b}"], &series),
        heatmap(NAME, (NAME, &labels), (NAME, &labels), &[0.0, 1.0, 0.5, 0.5]),
    ]
}

fn child<'a>(root: Node<'a, '_>, name: &str) -> &'a str {
    let child = root.children().find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)));
    child.and_then(|node| node.text()).unwrap_or_else(|| panic!("<{name}> is missing"))
}

#[test]
fn a_picture_is_xml_with_a_title_and_a_description() {
    for svg in pictures() {
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{error}:\n{svg}"));
        let root = document.root_element();
        assert!(root.has_tag_name(("http://www.w3.org/2000/svg", "svg")) && root.attribute("role") == Some("img"));
        assert_eq!(child(root, "title"), NAME);
        assert!(child(root, "desc").contains(NAME), "{}", child(root, "desc"));
    }
}

/// So the style sheet finds a dark partner for every one of them.
#[test]
fn all_colors_are_of_the_palette() {
    for svg in pictures() {
        let document = Document::parse(&svg).unwrap();
        for node in document.descendants() {
            for paint in ["fill", "stroke"].into_iter().filter_map(|name| node.attribute(name)) {
                let of_hatching = |id: &str| document.descendants().any(|node| node.attribute("id") == Some(id));
                let known = match paint.strip_prefix("url(#").and_then(|paint| paint.strip_suffix(')')) {
                    Some(id) => of_hatching(id),
                    None => paint == "none" || PALETTE.iter().any(|color| hex(color.light) == paint),
                };
                assert!(known, "{paint}");
            }
        }
        let style = child(document.root_element(), "style");
        let (_, dark) = style.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for color in PALETTE {
            let (light, dark_color) = (hex(color.light), hex(color.dark));
            for paint in ["fill", "stroke"] {
                let rule = format!("[{paint}=\"{light}\"] {{ {paint}: {dark_color} }}");
                assert!(dark.contains(&rule), "{rule}");
            }
        }
    }
}

#[test]
fn each_line_has_its_dashes_in_the_plot_and_in_the_legend() {
    let svg = line_chart();
    let document = Document::parse(&svg).unwrap();
    for series in SERIES {
        let stroke = hex(series.color.light);
        let has_color = |node: &Node| node.attribute("stroke") == Some(stroke.as_str());
        let lines: Vec<_> = document.descendants().filter(has_color).collect();
        assert_eq!(lines.len(), 2, "{}", series.look);
        for line in lines {
            let scaled = series.dashes.iter().map(|length| (8 * length).to_string()).collect::<Vec<_>>().join(" ");
            assert_eq!(line.attribute("stroke-dasharray").unwrap_or_default(), scaled, "{}", series.look);
        }
        assert!(child(document.root_element(), "desc").contains(&format!(", {} line: from 10.", series.look)));
    }
}

/// plotters' header is rewritten; a new version of it must not go unnoticed.
#[test]
fn the_sheet_is_shown_at_its_size() {
    let svg = line_chart();
    let document = Document::parse(&svg).unwrap();
    let size = ["width", "height", "viewBox"].map(|name| document.root_element().attribute(name).unwrap());
    assert_eq!(size, ["760", "460", "0 0 6080 3680"]);
}

/// All texts of the ticks on the upper axis, the lower axis and beside the vertical one.
#[test]
fn epochs_and_tokens_are_whole_numbers() {
    let svg = line_chart();
    let document = Document::parse(&svg).unwrap();
    let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
    for tick in ["0", "1", "2", "3", "500", "5,000", "Epochs", "Tokens seen"] {
        assert!(texts.contains(&tick), "{tick} is missing in {texts:?}");
    }
    assert!(!texts.contains(&"0.5") && !texts.contains(&"1.0"), "{texts:?}");
}

/// The last label stands at the right end of the axis; its second half needs a margin.
#[test]
fn a_long_number_at_the_right_end_stays_in_the_picture() {
    let chart = LineChart {
        title: "Loss",
        x_label: "Epochs",
        x_counts: true,
        y_label: "Loss",
        top_axis: Some(("Tokens seen", 12_000_000.0)),
        lines: vec![Line { name: "Training", points: vec![(0.0, 2.0), (1.0, 1.0)] }],
    };
    let svg = chart.svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    let last = document.descendants().find(|node| node.text().is_some_and(|text| text.trim() == "12,000,000")).unwrap();
    let number = |name| last.attribute(name).unwrap().parse::<f64>().unwrap();
    // Digits are a little wider than half of the font size.
    assert!(number("x") + 10.0 * 0.55 * number("font-size") / 2.0 <= 6080.0, "{last:?}");
}
