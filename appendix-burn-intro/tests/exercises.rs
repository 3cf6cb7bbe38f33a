//! Checks of the exercises: on `solutions/`, or with the feature `my-solutions` on `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exa_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exa_1.rs", allow(unused))]
mod exa_1;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exa_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exa_2.rs", allow(unused))]
mod exa_2;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exa_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exa_3.rs", allow(unused))]
mod exa_3;

use appendix_burn_intro::NeuralNetwork;
use burn::tensor::Device;

// ---- A.1

#[test]
fn exa_1_finds_the_version_of_this_workspace() {
    let lock = include_str!("../../Cargo.lock");
    // The workspace asks for exactly this version.
    let manifest = include_str!("../../Cargo.toml");
    let version = exa_1::burn_version(lock).expect("burn is in Cargo.lock");
    assert!(
        manifest.contains(&format!("burn = {{ version = \"={version}\"")),
        "{version} is not what Cargo.toml names"
    );
}

#[test]
fn exa_1_takes_no_other_package_for_burn() {
    let lock = "[[package]]\nname = \"burn-core\"\nversion = \"9.9.9\"\n";
    assert_eq!(exa_1::burn_version(lock), None, "burn-core is not burn");
    let lock = format!("{lock}\n[[package]]\nname = \"burn\"\nversion = \"1.2.3\"\n");
    assert_eq!(exa_1::burn_version(&lock), Some("1.2.3"));
    assert_eq!(exa_1::burn_version(""), None);
}

#[test]
fn exa_1_the_device_adds() {
    assert_eq!(exa_1::works(&Device::flex()), [5.0, 7.0, 9.0]);
}

// ---- A.2

#[test]
fn exa_2_the_device_multiplies() {
    let check = exa_2::check(&Device::flex()).expect("there is a gradient");
    assert_eq!(check.product, [14.0, 32.0, 32.0, 77.0]);
}

#[test]
fn exa_2_the_device_differentiates() {
    let check = exa_2::check(&Device::flex()).expect("there is a gradient");
    assert_eq!(check.gradient, [10.0, 14.0, 18.0, 10.0, 14.0, 18.0], "twice the sums of the columns, in each row");
}

// ---- A.3

#[test]
fn exa_3_counts_752() {
    assert_eq!(exa_3::counted(&NeuralNetwork::new(2, 2, &Device::flex())), 752);
    assert_eq!(exa_3::predicted(2, 2), 752);
}

#[test]
fn exa_3_both_ways_agree_for_other_sizes() {
    for (inputs, outputs) in [(50, 3), (1, 1), (7, 11)] {
        let counted = exa_3::counted(&NeuralNetwork::new(inputs, outputs, &Device::flex()));
        assert_eq!(exa_3::predicted(inputs, outputs), counted, "{inputs} inputs, {outputs} outputs");
    }
}
