//! The error of a training run that has left the finite numbers, with what to do.

use std::path::Path;

use anyhow::{Error, anyhow};
use trainer::Diverged;

use crate::terminal::tr;

/// If a run has diverged: what happened, then `remedies`, then `kept`, which begins with its punctuation. Any other error stays
/// as it is.
pub fn explain(error: Error, remedies: &[String], kept: &str) -> Error {
    let Some(diverged) = error.chain().find_map(|cause| cause.downcast_ref::<Diverged>()) else { return error };
    let what = describe(diverged);
    anyhow!(tr!(
        "{what}: the training has diverged; start again with {}{kept}",
        "{what}：训练已经发散；请{}，然后重新开始{kept}",
        one_of(remedies)
    ))
}

fn describe(diverged: &Diverged) -> String {
    match diverged {
        Diverged::Step { step, loss } => tr!("the loss of step {step} is {loss}", "第 {step} 步的损失是 {loss}"),
        Diverged::Evaluation { step, part, loss } => {
            let chinese = if *part == "training" { "训练" } else { "验证" };
            tr!("the {part} loss after step {step} is {loss}", "第 {step} 步之后的{chinese}损失是 {loss}")
        }
        Diverged::Values { step, name } => tr!(
            "after step {step}, {name} holds numbers that are not finite",
            "第 {step} 步之后，{name} 中有非有限的数"
        ),
    }
}

/// The remedy that always applies.
pub fn lower_rate(learning_rate: f64) -> String {
    tr!("a lower learning rate (--lr, now {learning_rate:?})", "降低学习率（--lr，现在是 {learning_rate:?}）")
}

/// What is left of a run in `folder` whose model was saved after this epoch; 0 for none.
pub fn kept(folder: &Path, epoch: usize) -> String {
    match epoch {
        0 => tr!("; nothing was saved", "；没有保存任何内容"),
        _ => tr!("; {} keeps the model of epoch {epoch}", "；{} 中保留了第 {epoch} 个 epoch 的模型", folder.display()),
    }
}

/// "a, b or c".
fn one_of(parts: &[String]) -> String {
    match parts {
        [first @ .., before, last] => {
            let first: String = first.iter().map(|part| tr!("{part}, ", "{part}、")).collect();
            tr!("{first}{before} or {last}", "{first}{before}或{last}")
        }
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use trainer::RunError;

    use super::*;
    use crate::terminal::{Language, language};

    #[test]
    fn a_run_that_diverged_is_found_in_every_error() {
        let diverged = || Diverged::Values { step: 9, name: "tok_emb.weight".into() };
        for error in [
            Error::new(diverged()),
            Error::new(RunError::Diverged(diverged())),
            Err::<(), _>(RunError::from(diverged())).context("the checkpoint").unwrap_err(),
        ] {
            let explained = explain(error, &["a".into(), "b".into(), "c".into()], "; nothing was saved").to_string();
            if language() == Language::English {
                assert_eq!(
                    explained,
                    "after step 9, tok_emb.weight holds numbers that are not finite: the training has diverged; start \
                     again with a, b or c; nothing was saved"
                );
            }
            assert!(explained.contains("tok_emb.weight") && explained.ends_with("; nothing was saved"), "{explained}");
        }
        assert_eq!(explain(anyhow!("the disk is full"), &[], "").to_string(), "the disk is full");
    }
}
