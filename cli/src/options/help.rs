//! For tests: what `--help` says about an option.

use clap::Command;

/// The help of `--name` among the arguments `A` must end with `expected`.
pub fn assert_help_ends_with<A: clap::Args>(name: &str, expected: &str) {
    let command = A::augment_args(Command::new("test"));
    let option = command.get_arguments().find(|argument| argument.get_long() == Some(name)).unwrap();
    let help = option.get_help().unwrap().to_string();
    assert!(help.ends_with(expected), "--{name}: {help} does not end with {expected}");
}
