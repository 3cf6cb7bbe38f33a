//! Runs the checks of an exercise and says what is missing.

use std::io::{Write, stdout};
use std::path::Path;
use std::process::{Command, ExitCode, Output};

use anyhow::{Context, Result, bail, ensure};

use super::compile::compile;
use super::files::{Exercise, read};
use super::memory::Memory;
use super::report::{CheckResult, describe, parse_results};
use crate::terminal::{Language, command, language, padded, tr, warn};

/// Runs the checks of an exercise on the reader's file.
pub fn check(exercise: &Exercise, root: &Path) -> Result<ExitCode> {
    let program = compile(exercise, root)?;
    // The names of an exercise's tests begin so.
    let prefix = format!("{}_", exercise.stem);
    let output = run(&program, &prefix, &root.join(&exercise.package))?;
    let Some(results) = parse_results(&String::from_utf8_lossy(&output.stdout), &prefix) else {
        warn(String::from_utf8_lossy(&output.stderr).trim_end());
        bail!(tr!(
            "the checks of exercise {} ended early ({}); see above",
            "练习 {} 的检查提前结束（{}），见上面的信息",
            exercise.id,
            output.status
        ));
    };
    ensure!(!results.is_empty(), tr!("exercise {} has no checks", "练习 {} 没有检查项", exercise.id));

    show(exercise, &results, &prefix)?;
    let passed = results.iter().filter(|result| result.failure.is_none()).count();
    if let Err(error) = Memory::load(root).keep(exercise, passed, results.len()) {
        warn(tr!("note: the result cannot be remembered: {error}", "注意：无法记住这次的结果：{error}"));
    }
    let mut out = stdout().lock();
    if passed == results.len() {
        ensure!(
            output.status.success(),
            tr!("the checks failed although every one of them passed", "每项检查都通过了，但整个检查失败")
        );
        let compare = command(format_args!("exercise diff {}", exercise.id));
        writeln!(out, "{}", tr!("Done. Compare: {compare}", "完成。与参考答案比较：{compare}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (failed, checks, file) = (results.len() - passed, results.len(), exercise.file.display());
    writeln!(
        out,
        "{}",
        tr!(
            "{failed} of {checks} checks fail. Your file: {file}",
            "{checks} 项检查中有 {failed} 项没有通过。你的文件：{file}"
        )
    )?;
    Ok(ExitCode::FAILURE)
}

/// Runs the tests whose names begin with `prefix`, in the package's folder, as cargo does.
fn run(program: &Path, prefix: &str, package: &Path) -> Result<Output> {
    let mut tests = Command::new(program);
    tests.current_dir(package).env("RUST_BACKTRACE", "0");
    tests.args([prefix, "--format", "pretty", "--color", "never", "--test-threads", "1"]);
    tests.output().with_context(|| tr!("cannot run {}", "无法运行 {}", program.display()))
}

/// One line for every check, and what it complains about.
fn show(exercise: &Exercise, results: &[CheckResult], prefix: &str) -> Result<()> {
    let chinese = match language() {
        Language::Chinese => Some(read(&exercise.checks)?),
        Language::English => None,
    };
    let mut out = stdout().lock();
    let Exercise { id, title, .. } = exercise;
    writeln!(out, "{}", tr!("Exercise {id}: {title}", "练习 {id}：{title}"))?;
    for CheckResult { name, failure } in results {
        let (outcome, complaint) = match failure {
            None => (tr!("ok", "通过"), ""),
            Some(complaint) if complaint.contains("not yet implemented") => (tr!("to do", "待完成"), ""),
            Some(complaint) => (tr!("failed", "未通过"), complaint.as_str()),
        };
        writeln!(out, "  {}{}", padded(&outcome, 9), describe(name, prefix, chinese.as_deref()))?;
        complaint.lines().try_for_each(|line| writeln!(out, "             {line}"))?;
    }
    Ok(())
}
