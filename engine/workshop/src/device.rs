//! Where the numbers are computed: `--device auto|cpu|ndarray|wgpu|vulkan|metal|cuda`.
//!
//! The CPU (burn's flex backend) is always there. The others are cargo features of the same name. This is the only
//! library of the workspace that names a backend; everything else gets a `&Device`.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

/// A device by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first GPU backend that is compiled in and finds a GPU, else the CPU. A software renderer is no GPU.
    Auto,
    /// burn's flex backend, pure Rust.
    Cpu,
    /// burn's ndarray backend, for comparison.
    Ndarray,
    /// A GPU through whatever graphics interface the system has.
    Wgpu,
    /// A GPU through Vulkan.
    Vulkan,
    /// A GPU of an Apple machine.
    Metal,
    /// An NVIDIA GPU.
    Cuda,
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is no device of this name.
    #[error("there is no device '{0}'; the devices are {known}", known = names())]
    Unknown(String),
    /// The program was built without it.
    #[error("the device '{0}' is not compiled in: build with `--features {0}`, or take `--device cpu`")]
    NotCompiledIn(DeviceChoice),
    /// The program can use such a device, but the machine has none.
    #[error("no device for '{device}' was found: install {remedy}, or take `--device cpu`")]
    NotPresent {
        /// The device.
        device: DeviceChoice,
        /// What is usually missing.
        remedy: &'static str,
    },
}

const CHOICES: [(DeviceChoice, &str); 7] = [
    (DeviceChoice::Auto, "auto"),
    (DeviceChoice::Cpu, "cpu"),
    (DeviceChoice::Ndarray, "ndarray"),
    (DeviceChoice::Wgpu, "wgpu"),
    (DeviceChoice::Vulkan, "vulkan"),
    (DeviceChoice::Metal, "metal"),
    (DeviceChoice::Cuda, "cuda"),
];

/// The names of all devices.
pub fn names() -> String {
    CHOICES.map(|(_, name)| name).join(", ")
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = CHOICES.iter().find(|(choice, _)| choice == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        let choice = CHOICES.iter().find(|(_, known)| *known == name).map(|(choice, _)| *choice);
        choice.ok_or_else(|| DeviceError::Unknown(name.to_string()))
    }
}

impl DeviceChoice {
    /// Opens the device. It does not record gradients; call `.autodiff()` on it for training.
    ///
    /// # Errors
    /// [`DeviceError::NotCompiledIn`] or [`DeviceError::NotPresent`], each with the remedy.
    pub fn open(self) -> Result<Device, DeviceError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Auto => Ok([Self::Cuda, Self::Metal, Self::Vulkan, Self::Wgpu]
                .into_iter()
                .find_map(|gpu| gpu.open().ok().filter(is_real_gpu))
                .unwrap_or_else(Device::flex)),
            Self::Ndarray => ndarray(),
            Self::Wgpu => wgpu(),
            Self::Vulkan => vulkan(),
            Self::Metal => metal(),
            Self::Cuda => cuda(),
        }
    }
}

/// Whether the device runs on the host, where reading values back costs nothing.
pub fn is_cpu(device: &Device) -> bool {
    *device == Device::flex() || ndarray().is_ok_and(|ndarray| *device == ndarray)
}

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "burn 0.22 keeps the backend for comparison")]
fn ndarray() -> Result<Device, DeviceError> {
    Ok(Device::ndarray())
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiledIn(DeviceChoice::Ndarray))
}

/// A GPU function: the device of a backend if its feature is on and the machine has one.
#[cfg(feature = "gpu")]
fn first_of(kind: burn::tensor::DeviceType, device: DeviceChoice, remedy: &'static str) -> Result<Device, DeviceError> {
    keep_kernels();
    // Looking for devices starts the driver, and a broken driver panics instead of failing.
    let found = std::panic::catch_unwind(|| Device::enumerate(kind).into_vec().into_iter().next());
    found.ok().flatten().ok_or(DeviceError::NotPresent { device, remedy })
}

/// Whether the device is a real GPU and not a driver that computes on the processor.
#[cfg(feature = "gpu")]
fn is_real_gpu(device: &Device) -> bool {
    let identity = std::panic::catch_unwind(|| device.identity());
    identity.ok().flatten().is_some_and(|identity| identity.physical.is_some())
}

#[cfg(not(feature = "gpu"))]
fn is_real_gpu(_: &Device) -> bool {
    false
}

/// Keeps the kernels that were compiled and chosen from one run of a program to the next, which takes minutes each time
/// otherwise: in `target/environment` if the program runs below a Cargo.toml, else in the user's cache.
#[cfg(feature = "gpu")]
fn keep_kernels() {
    use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    config.compilation.cache = true;
    // If there is a configuration already, that one holds.
    CubeClRuntimeConfig::try_set(config);
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device, DeviceError> {
    first_of(burn::tensor::DeviceType::Wgpu, DeviceChoice::Wgpu, "a graphics driver (Vulkan, Metal or DirectX 12)")
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiledIn(DeviceChoice::Wgpu))
}

#[cfg(feature = "vulkan")]
fn vulkan() -> Result<Device, DeviceError> {
    first_of(burn::tensor::DeviceType::Vulkan, DeviceChoice::Vulkan, "a Vulkan driver for your GPU")
}

#[cfg(not(feature = "vulkan"))]
fn vulkan() -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiledIn(DeviceChoice::Vulkan))
}

#[cfg(feature = "metal")]
fn metal() -> Result<Device, DeviceError> {
    first_of(burn::tensor::DeviceType::Metal, DeviceChoice::Metal, "macOS on a machine with a Metal GPU")
}

#[cfg(not(feature = "metal"))]
fn metal() -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiledIn(DeviceChoice::Metal))
}

#[cfg(feature = "cuda")]
fn cuda() -> Result<Device, DeviceError> {
    first_of(burn::tensor::DeviceType::Cuda, DeviceChoice::Cuda, "the NVIDIA driver and the CUDA runtime libraries")
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiledIn(DeviceChoice::Cuda))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_errors() {
        assert_eq!("vulkan".parse(), Ok(DeviceChoice::Vulkan));
        assert_eq!(DeviceChoice::Auto.to_string(), "auto");
        let error = "gpu".parse::<DeviceChoice>().unwrap_err().to_string();
        assert_eq!(error, "there is no device 'gpu'; the devices are auto, cpu, ndarray, wgpu, vulkan, metal, cuda");
        assert!(DeviceChoice::Cpu.open().is_ok());
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_is_not_compiled_in_names_the_feature() {
        let error = DeviceChoice::Cuda.open().unwrap_err().to_string();
        assert_eq!(error, "the device 'cuda' is not compiled in: build with `--features cuda`, or take `--device cpu`");
    }
}
