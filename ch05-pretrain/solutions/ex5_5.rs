//! # Solution 5.5: Does it know the story?
//!
//! GPT-2's two losses, 3.7547 and 3.5596, lie close together, and the validation part even has the lower one. So the model
//! does not know the first nine tenths better than the last. The model of section 5.2 is another matter: 0.4 and 6.5.
//!
//! That leaves two explanations. Either the story was not in GPT-2's training texts, and it predicts both parts as well as
//! any English prose; the small difference is chance, for the validation part is only 512 tokens. Or the whole story was
//! among them: then both parts are training text, and the split says nothing. The losses alone cannot tell. A text that
//! was written after GPT-2 was trained can, because it was certainly not among them.
//!
//! The XL model has 3.3046 and 3.1195: lower, and again close together.
//!
//! # 解答 5.5：它认识这个故事吗？
//!
//! GPT-2 的两个损失 3.7547 和 3.5596 很接近，验证部分的甚至更低。所以模型对前九成的了解并不胜过最后一成。5.2 节的模型就完全
//! 不同了：0.4 和 6.5。
//!
//! 这样还剩两种解释。要么这个故事不在 GPT-2 的训练文本里，它预测两个部分的水平与预测一般英文散文相当；微小的差别出于偶然，
//! 因为验证部分只有 512 个词元。要么整个故事都在其中：那么两个部分都是训练文本，切分也就说明不了什么。单凭损失无法区分。换一篇
//! 在 GPT-2 训练之后才写成的文本就能区分，因为它肯定不在训练文本里。
//!
//! XL 模型的损失是 3.3046 和 3.1195：更低，而且同样接近。

use std::path::Path;

use burn::tensor::Device;
use ch05_pretrain::{Loaders, calc_loss_loader};
use model_files::open_model;
use shared::rng::TorchRng;

/// Mean losses on the two parts of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// On the first nine tenths.
    pub train: f64,
    /// On the rest.
    pub validation: f64,
}

/// What the losses of a model on a text say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The training loss is at least ln(vocabulary): no better than guessing.
    Untrained,
    /// The validation loss is more than 1 above the training loss: the model knows the training part by heart.
    Memorised,
    /// Neither: both parts are about equally new, or equally well known, to the model.
    Alike,
}

/// Opens the model in `folder` and measures its losses on all batches of both parts of `text`, in batches of two windows
/// of `window` tokens, with a generator from seed 123.
///
/// # Errors
/// If the model cannot be opened or the text is too short.
pub fn losses(folder: &Path, text: &str, window: usize, device: &Device) -> anyhow::Result<Losses> {
    let (_, model) = open_model(folder, device)?;
    let loaders = Loaders::new(text, window, 2)?;
    let mut rng = TorchRng::new(123);
    let train = calc_loss_loader(&model, &loaders.train, None, &mut rng, device);
    let validation = calc_loss_loader(&model, &loaders.validation, None, &mut rng, device);
    Ok(Losses { train, validation })
}

/// What the losses of a model with a vocabulary of this size say.
pub fn read(losses: &Losses, vocab_size: usize) -> Reading {
    if losses.train >= (vocab_size as f64).ln() {
        Reading::Untrained
    } else if losses.validation - losses.train > 1.0 {
        Reading::Memorised
    } else {
        Reading::Alike
    }
}
