//! Recorded outputs are compared with what the examples print, with cargo and a real example.

mod small;

use book::examples::Examples;
use book::outputs;
use book::problem::Problems;
use small::Small;

const FILE: &str = "book/outputs/3_5_mask.txt";

/// Problems of a comparison.
fn compared(small: &Small) -> Vec<String> {
    let problems = Problems::default();
    outputs::check(&small.project, &Examples::find(&small.project).unwrap(), &[], &problems).unwrap();
    problems.sorted().iter().map(ToString::to_string).collect()
}

#[test]
fn outputs_are_compared_and_recorded_anew() {
    let small = Small::new();
    assert_eq!(compared(&small), [""; 0], "digits of the time do not count");

    small.replace("ch03-attention/examples/3_5_mask.rs", "[0.4656, 0.1723]", "[0.4656, 0.1724]");
    let found = compared(&small);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .starts_with(&format!("{FILE}: the example prints something else now: `cargo book outputs` records it\n"))
    );
    assert!(found[0].contains("\n-[0.4656, 0.1723]\n+[0.4656, 0.1724]"), "{}", found[0]);

    let problems = Problems::default();
    let examples = Examples::find(&small.project).unwrap();
    let ran = outputs::record(&small.project, &examples, &[], &problems).unwrap();
    assert_eq!((ran.changed, problems.is_empty()), (vec![FILE.to_string()], true));
    let recorded = small.read(FILE);
    assert!(recorded.starts_with("%% title\nMask\n%% row\n[0.4656, 0.1724]\n%~ took "), "{recorded}");
    assert_eq!(compared(&small), [""; 0]);

    small.write(FILE, "%! needs-data\n%% a\nMask\n");
    let ran = outputs::check(&small.project, &examples, &["3_5_mask".to_string()], &problems).unwrap();
    let has_data = std::env::var_os("LLM_DATA_DIR").is_some();
    assert_eq!(ran.skipped.is_empty(), has_data, "without data it is skipped");

    small.write("ch03-attention/examples/3_5_mask.rs", "fn main() { panic!(\"no\"); }\n");
    small.write(FILE, "Mask\n");
    let found = compared(&small);
    assert!(found[0].starts_with(&format!("{FILE}: the example fails: ")) && found[0].contains("no"), "{found:#?}");
}
