//! What the evaluations of a run say at its end.

use ch05_pretrain::Evaluation;

use crate::terminal::{say, tr};

/// A higher validation loss counts from this factor on: evaluations are measured on a few batches.
const HIGHER: f64 = 1.01;

/// Says where the validation loss was lowest, and whether the model has only memorised since.
pub fn say_lowest_validation_loss(evaluations: &[Evaluation]) {
    summary(evaluations).into_iter().for_each(say);
}

/// None, one or two lines.
fn summary(evaluations: &[Evaluation]) -> Vec<String> {
    let finite = evaluations.iter().filter(|evaluation| evaluation.val_loss.is_finite());
    let best = finite.min_by(|one, other| one.val_loss.total_cmp(&other.val_loss));
    let (Some(best), Some(last)) = (best, evaluations.last()) else { return Vec::new() };
    let Evaluation { epoch, step, train_loss, val_loss, .. } = best;
    let mut lines = vec![tr!(
        "lowest validation loss: {val_loss:.3} at step {step}, in epoch {epoch}",
        "最低的验证损失：{val_loss:.3}，在第 {epoch} 个 epoch 的第 {step} 步"
    )];
    if last.val_loss > HIGHER * val_loss && last.train_loss < *train_loss {
        let (train_now, val_now) = (last.train_loss, last.val_loss);
        lines.push(tr!(
            "since then it rose to {val_now:.3}, while the training loss fell from {train_loss:.3} to {train_now:.3}: the \
             model memorises its training data, and more epochs make it worse; train on more data, or end with --epochs \
             {epoch}",
            "此后它升到 {val_now:.3}，而训练损失从 {train_loss:.3} 降到 {train_now:.3}：模型在背诵训练数据，训练更多 epoch 只会\
             更差；请用更多数据训练，或用 --epochs {epoch} 提前结束"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluations(losses: &[(f64, f64)]) -> Vec<Evaluation> {
        let evaluation = |(i, &(train_loss, val_loss)): (usize, &(f64, f64))| Evaluation {
            epoch: i + 1,
            step: 10 * i,
            seen: 640 * i,
            train_loss,
            val_loss,
        };
        losses.iter().enumerate().map(evaluation).collect()
    }

    fn lines(losses: &[(f64, f64)]) -> usize {
        summary(&evaluations(losses)).len()
    }

    #[test]
    fn memorising_is_a_validation_loss_that_rises_while_the_training_loss_falls() {
        let memorised = summary(&evaluations(&[(9.0, 9.1), (4.0, 5.0), (2.0, 5.4)]));
        let numbers = |line: &str, numbers: &[&str]| numbers.iter().all(|number| line.contains(number));
        assert!(numbers(&memorised[0], &["5.000", "10", "2"]), "{memorised:?}");
        assert!(numbers(&memorised[1], &["5.400", "4.000", "2.000", "--epochs 2"]), "{memorised:?}");
        assert_eq!(lines(&[(9.0, 9.1), (4.0, 5.0), (2.0, 4.9)]), 1, "still learning");
        assert_eq!(lines(&[(9.0, 9.1), (4.0, 5.0), (3.9, 5.02)]), 1, "within the noise");
        assert_eq!(lines(&[(9.0, 9.1), (4.0, 5.0), (4.5, 5.4)]), 1, "both rise");
        assert_eq!(lines(&[]), 0);
        assert_eq!(lines(&[(4.0, f64::NAN)]), 0, "no validation part");
    }
}
