//! The whole model of a Llama that writes. For writing, its weights in the decoder's own format are enough; a look inside needs
//! the model of the lesson.

use std::cell::OnceCell;
use std::error::Error;

use bonus_llama::LlamaModel;
use burn::module::Module;

use crate::error::with_causes;

/// A Llama in 32 bits that is opened when it is looked at for the first time, and stays in memory until it is unloaded.
pub struct WholeLlama {
    model: OnceCell<LlamaModel>,
    open: Box<dyn Fn() -> Result<LlamaModel, Box<dyn Error + Send + Sync>>>,
}

impl WholeLlama {
    /// A model that `open` opens.
    pub fn new(open: impl Fn() -> Result<LlamaModel, Box<dyn Error + Send + Sync>> + 'static) -> Self {
        Self { model: OnceCell::new(), open: Box::new(open) }
    }

    /// Bytes of its weights, once it is open.
    pub(crate) fn bytes(&self) -> usize {
        self.model.get().map_or(0, |model| model.num_params() * size_of::<f32>())
    }

    /// The model. `name` is for the error.
    pub(super) fn get(&self, name: &str) -> Result<&LlamaModel, String> {
        if let Some(model) = self.model.get() {
            return Ok(model);
        }
        let model = (self.open)()
            .map_err(|error| format!("the model '{name}' cannot be opened to look inside: {}", with_causes(&*error)))?;
        Ok(self.model.get_or_init(|| model))
    }
}
