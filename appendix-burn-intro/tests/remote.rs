//! Two worker processes, each with half of a batch, give the gradients of the whole batch:
//! `cargo test -p appendix-burn-intro --features remote --test remote`

use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use appendix_burn_intro::parallel::averaged_gradients;
use appendix_burn_intro::{NeuralNetwork, ToyDataset};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::remote::RemoteHost;
use burn::tensor::{Device, Tensor};
use ch05_pretrain::cross_entropy;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// A worker process, ended with the test.
struct Worker {
    process: Child,
    device: Device,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start() -> Worker {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let process = Command::new(env!("CARGO_BIN_EXE_worker")).arg(port.to_string()).spawn().unwrap();
    let host = RemoteHost::websocket(&format!("ws://127.0.0.1:{port}"));
    let begin = Instant::now();
    loop {
        match Device::remote_options(&host).device_index(0).init() {
            Ok(device) => return Worker { process, device },
            Err(e) => assert!(begin.elapsed() < Duration::from_secs(20), "{e}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// All gradients, one after the other.
fn flat(model: &NeuralNetwork, gradients: &GradientsParams) -> Vec<f32> {
    struct All<'a>(&'a GradientsParams, Vec<f32>);
    impl ModuleVisitor for All<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.extend(self.0.get::<D>(param.id).unwrap().into_data().iter::<f32>());
        }
    }
    let mut all = All(gradients, Vec::new());
    model.visit(&mut all);
    all.1
}

#[test]
fn two_processes_give_the_gradients_of_the_whole_batch() {
    let device = Device::flex().autodiff();
    let model = torch_init(NeuralNetwork::new(2, 2, &device), &mut TorchRng::new(123));
    let dataset = ToyDataset::train();
    let whole = dataset.batch(&[0, 1, 2, 3, 4], &device);
    let expected_loss = cross_entropy(model.forward(whole.features), whole.labels);
    let expected = flat(&model, &GradientsParams::from_grads(expected_loss.backward(), &model));

    let workers = [start(), start()];
    let shares = workers.iter().zip([&[0, 1][..], &[2, 3, 4]]).map(|(worker, points)| {
        let device = worker.device.clone().autodiff();
        let batch = dataset.batch(points, &device);
        (device, batch)
    });
    let (loss, gradients) = averaged_gradients(&model, shares.collect(), &device);
    let (loss, expected_loss): (f32, f32) = (loss.into_scalar(), expected_loss.into_scalar());
    assert!((loss - expected_loss).abs() < 1e-6, "{loss} is not {expected_loss}");
    for (found, expected) in flat(&model, &gradients).iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}
