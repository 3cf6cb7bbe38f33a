//! `--device`.

use burn::tensor::Device;
use workshop::device::{DeviceChoice, DeviceError};

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
}
