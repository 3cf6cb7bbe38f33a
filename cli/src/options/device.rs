//! `--device`.

use anyhow::{Result, ensure};
use burn::tensor::Device;
use workshop::device::{DeviceChoice, DeviceError};

use crate::terminal::tr;

#[derive(clap::Args)]
pub struct DeviceArgs {
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(id = "device", long = "device", value_name = "DEVICE", default_value = "auto")]
    choice: DeviceChoice,
}

impl DeviceArgs {
    /// The device, which records no gradients.
    ///
    /// # Errors
    /// If it is not compiled in, or this machine does not have it.
    pub fn open(&self) -> Result<Device, DeviceError> {
        self.choice.open()
    }

    /// For models that only the CPU computes.
    ///
    /// # Errors
    /// If another device was asked for.
    pub fn ensure_cpu(&self) -> Result<()> {
        ensure!(
            matches!(self.choice, DeviceChoice::Auto | DeviceChoice::Cpu),
            tr!(
                "--device {}: Llama, Qwen3 and Gemma 3 are computed on the CPU; use `--device cpu`",
                "--device {}：Llama、Qwen3 和 Gemma 3 在 CPU 上计算；请用 `--device cpu`",
                self.choice
            )
        );
        Ok(())
    }
}
