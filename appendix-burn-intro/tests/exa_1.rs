//! The checks of exercise A.1: of `solutions/exa_1.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exa_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exa_1.rs", allow(unused))]
mod exa_1;

use burn::tensor::Device;

// 中文：找到本工作区所用 burn 的版本
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

// 中文：不把其他包当作 burn
#[test]
fn exa_1_takes_no_other_package_for_burn() {
    let lock = "[[package]]\nname = \"burn-core\"\nversion = \"9.9.9\"\n";
    assert_eq!(exa_1::burn_version(lock), None, "burn-core is not burn");
    let lock = format!("{lock}\n[[package]]\nname = \"burn\"\nversion = \"1.2.3\"\n");
    assert_eq!(exa_1::burn_version(&lock), Some("1.2.3"));
    assert_eq!(exa_1::burn_version(""), None);
}

// 中文：设备能做加法
#[test]
fn exa_1_the_device_adds() {
    assert_eq!(exa_1::works(&Device::flex()), [5.0, 7.0, 9.0]);
}
