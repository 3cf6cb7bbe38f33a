//! The cells of appendix A's notebook: `cargo run -p notebook --example appendix_a_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("seed");
    // Two draws of three numbers from PyTorch's generator.
    let seed: u64 = 123;
    let mut draws: TorchRng = TorchRng::new(seed);
    println!("{:.4?}", draws.rand(3));
    println!("{:.4?}", draws.rand(3));

    cell("loops");
    // A matrix product in three loops, and burn's for comparison.
    fn product_by_loops(a: &[f32], b: &[f32], n: usize) -> Vec<f32> {
        let mut out = vec![0.0; n * n];
        for row in 0..n {
            for column in 0..n {
                for k in 0..n {
                    out[row * n + column] += a[row * n + k] * b[k * n + column];
                }
            }
        }
        out
    }
    let n: usize = 40;
    let squares: Vec<f32> = (0..n * n).map(|i| (i % 7) as f32).collect();
    let by_loops: Vec<f32> = product_by_loops(&squares, &squares, n);
    let tensor: T2 = T2::from_data(TensorData::new(squares, [n, n]), &Device::flex());
    let by_burn: Vec<f32> = tensor.clone().matmul(tensor).into_data().try_into_vec_as()?;
    println!("{} multiplications, the same numbers: {}", grouped(n * n * n), by_loops == by_burn);

    cell("device");
    // The device that computes, and a first sum on it.
    let device: Device = Device::flex();
    println!("{device:?}");
    let first_sum: T1 = T1::from_floats([1.0, 2.0, 3.0], &device) + T1::from_floats([4.0, 5.0, 6.0], &device);
    print_tensor("sum", first_sum);

    cell("cube");
    // The numbers 0 to 23 in three dimensions, and which one stands at a place.
    let shape: [usize; 3] = [2, 3, 4];
    let place: [usize; 3] = [1, 0, 1];
    let cube: I3 = I1::arange(0..24, &device).reshape(shape);
    print_tensor("cube", cube.clone());
    println!("at {place:?}: {}", cube.slice(s![place[0], place[1], place[2]]).into_scalar::<i64>());

    cell("constructors");
    // Zeros, one value everywhere, numbers from a Vec.
    let rows: usize = 2;
    let values: Vec<f32> = (0..rows * 3).map(|i| i as f32 / 10.0).collect();
    print_tensor("zeros", T2::zeros([rows, 3], &device));
    print_tensor("one value", T2::full([rows, 3], 7.5, &device));
    print_tensor("from a Vec", T2::from_data(TensorData::new(values, [rows, 3]), &device));

    cell("handles");
    // A changed tensor is a new one; the clone shows the old numbers.
    let original: I1 = I1::from_ints([1, 2, 3], &device);
    let copy: I1 = original.clone();
    let changed: I1 = original.slice_assign(s![0..1], I1::from_ints([999], &device));
    println!("changed: {}", changed.into_data());
    println!("its clone: {}", copy.into_data());

    cell("types");
    // Floats to integers and back: what is lost?
    let prices: T1 = T1::from_floats([1.25, 2.75, -1.25, -2.75], &device);
    let whole: I1 = prices.clone().int();
    println!("{:?} to {:?}", prices.dtype(), whole.dtype());
    print_tensor("whole", whole.clone());
    print_tensor("lost", prices - whole.float());

    cell("counting");
    // Counting by one, with a float and with an integer.
    let mut float: T1 = T1::from_floats([16_777_214.0], &device);
    let mut int: I1 = I1::from_ints([16_777_214], &device);
    for _ in 0..4 {
        float = float.add_scalar(1.0);
        int = int.add_scalar(1);
        println!("{} {}", float.to_data(), int.to_data());
    }

    cell("number-by-number");
    // Each number by itself.
    let t: T2 = T2::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
    print_tensor("t times t", t.clone() * t.clone());
    print_tensor("half of it, plus one", t.clone() / 2.0 + 1.0);

    cell("broadcasting");
    // A row and a column, each repeated until the shapes agree.
    let row: T2 = I1::arange(1..7, &device).float().unsqueeze(); // [1, 6]
    let column: T2 = row.clone().transpose(); // [6, 1]
    print_tensor("column times row", column * row);

    cell("sums");
    // Sums along a dimension, and each number's portion of its sum.
    let along: usize = 1;
    let sums: T2 = t.clone().sum_dim(along);
    print_tensor("sums", sums.clone());
    print_tensor("portions", t.clone() / sums);

    cell("matmul");
    // One number of the product: row i times column j, number by number, then summed.
    let i: usize = 0;
    let j: usize = 1;
    let transposed: T2 = t.clone().transpose();
    let pairs: T2 = t.clone().slice(s![i, ..]) * transposed.clone().slice(s![.., j]).transpose(); // [1, 3]
    print_tensor("pairs", pairs.clone());
    print_tensor("their sum", pairs.sum());
    print_tensor("the whole product", t.clone().matmul(transposed));

    cell("slices");
    // Parts of a matrix; a step stands after a semicolon, and -1 is the last.
    let table: I2 = I1::arange(0..20, &device).reshape([4, 5]);
    print_tensor("table", table.clone());
    print_tensor("two rows, two columns", table.clone().slice(s![1..3, 3..]));
    print_tensor("last row", table.clone().slice(s![-1, ..]));
    print_tensor("every second column", table.slice(s![.., 0..5;2]));

    cell("strides");
    // Reads a matrix out of a row of numbers. Strides: how far away the next row is, and the next column.
    fn read(memory: &[i32], [rows, columns]: [usize; 2], strides: [usize; 2]) -> Vec<Vec<i32>> {
        (0..rows).map(|i| (0..columns).map(|j| memory[i * strides[0] + j * strides[1]]).collect()).collect()
    }
    let memory: Vec<i32> = vec![1, 2, 3, 4, 5, 6];
    println!("t:          {:?}", read(&memory, [2, 3], [3, 1]));
    println!("reshaped:   {:?}", read(&memory, [3, 2], [2, 1]));
    println!("transposed: {:?}", read(&memory, [3, 2], [1, 3]));

    cell("own-strides");
    // The same six numbers with strides of your own.
    let strides: [usize; 2] = [0, 1];
    for line in read(&memory, [2, 3], strides) {
        println!("{line:?}");
    }

    cell("order");
    // The same two operations in both orders.
    print_tensor("transposed, then reshaped", t.clone().transpose().reshape([2, 3]));
    print_tensor("reshaped, then transposed", t.clone().reshape([3, 2]).transpose());

    cell("forward");
    // Logistic regression with plain numbers: z, a and the loss.
    fn logistic(x1: f64, w1: f64, b: f64, y: f64) -> [f64; 3] {
        let z = x1 * w1 + b;
        let a = 1.0 / (1.0 + (-z).exp());
        [z, a, loss_at(a, y)]
    }
    fn loss_at(a: f64, y: f64) -> f64 {
        -(y * a.ln() + (1.0 - y) * (1.0 - a).ln())
    }
    let weight: f64 = 2.2;
    println!("z, a, loss: {:.4?}", logistic(1.1, weight, 0.0, 1.0));

    cell("losses");
    // The loss of each probability, for the answers 1 and 0 and for one between.
    let between: f64 = 0.7;
    {
        let line = |y: f64| (1..100).map(|i| f64::from(i) / 100.0).map(|a| (a, loss_at(a, y))).collect::<Vec<_>>();
        let lines = [("y = 1", line(1.0)), ("y = 0", line(0.0)), ("y between", line(between))];
        curves("Loss of a probability", "Probability a", "Loss", &lines)?;
    }

    cell("slope");
    // The slope of the loss, measured over shorter and shorter distances.
    for distance in [1.0, 0.1, 0.01, 0.001] {
        let change = logistic(1.1, weight + distance, 0.0, 1.0)[2] - logistic(1.1, weight, 0.0, 1.0)[2];
        println!("over {distance}: {:.4}", change / distance);
    }

    cell("chain");
    // The local slopes, multiplied from the loss back to the weight and the bias.
    use appendix_burn_intro::logistic::{forward, gradients_by_hand};
    let x1: f64 = 1.1;
    let y: f64 = 1.0;
    let a: f64 = logistic(x1, weight, 0.0, y)[1];
    let loss_by_a: f64 = -y / a + (1.0 - y) / (1.0 - a);
    let a_by_z: f64 = a * (1.0 - a);
    println!("local: {loss_by_a:.4} and {a_by_z:.4}, together {:.4}; a - y = {:.4}", loss_by_a * a_by_z, a - y);
    println!("by w1: {:.4}, by b: {:.4}", loss_by_a * a_by_z * x1, loss_by_a * a_by_z);
    println!("in one function: {:.4?}", gradients_by_hand(x1, weight, 0.0, y));

    cell("backward");
    // The same gradients by `backward()`.
    let recording: Device = Device::flex().autodiff();
    {
        let scalar = |x: f64| T1::from_floats([x], &recording);
        let w1 = scalar(weight).require_grad();
        let b = scalar(0.0).require_grad();
        let gradients = forward(scalar(x1), w1.clone(), b.clone(), scalar(y)).loss.backward();
        for (name, leaf) in [("w1", w1), ("b", b)] {
            println!("by {name}: {:.4?}", leaf.grad(&gradients).map(|slope| slope.into_scalar::<f32>()));
        }
    }

    cell("own-function");
    // A function of your own. The gradient of its sum is its slope at each point.
    fn function(x: T1) -> T1 {
        x.clone() * x
    }
    let places: Vec<f32> = (-30..=30).map(|i| i as f32 / 10.0).collect();
    {
        let x = T1::from_floats(places.as_slice(), &recording).require_grad();
        let y = function(x.clone());
        let gradients = y.clone().sum().backward();
        let slope = x.grad(&gradients).context("the function does not depend on x")?;
        let line = |values: T1| places.iter().map(|&x| f64::from(x)).zip(values.into_data().iter()).collect::<Vec<_>>();
        curves("A function and its slope", "x", "y", &[("function", line(y.inner())), ("slope", line(slope))])?;
    }

    cell("descend");
    // Steps against the gradient, and the loss before each one. A point is x1 and its right answer.
    fn descend(points: &[(f32, f32)], learning_rate: f64, steps: usize) -> Result<Vec<(f64, f64)>> {
        let device = Device::flex().autodiff();
        let numbers = |numbers: Vec<f32>| T1::from_floats(numbers.as_slice(), &device);
        let (x1, y): (Vec<f32>, Vec<f32>) = points.iter().copied().unzip();
        let mut leaves = [numbers(vec![2.2]).require_grad(), numbers(vec![0.0]).require_grad()];
        let mut losses = Vec::new();
        for step in 1..=steps {
            let [w1, b] = leaves.clone();
            let loss = forward(numbers(x1.clone()), w1, b, numbers(y.clone())).loss.mean();
            losses.push((step as f64, loss.clone().into_scalar()));
            let gradients = loss.backward();
            for leaf in &mut leaves {
                let slope = leaf.grad(&gradients).context("a leaf without a gradient")?;
                *leaf = T1::from_inner(leaf.clone().inner() - slope * learning_rate).require_grad();
            }
        }
        Ok(losses)
    }
    for (step, loss) in descend(&[(1.1, 0.0)], 0.5, 6)? {
        println!("step {step}: loss {loss:.2}");
    }

    cell("rates");
    // The loss of twenty steps with three learning rates.
    fn compare(title: &str, points: &[(f32, f32)], rates: [f64; 3]) -> Result<()> {
        let names = rates.map(|rate| rate.to_string());
        let mut lines = Vec::new();
        for (name, rate) in names.iter().zip(rates) {
            lines.push((name.as_str(), descend(points, rate, 20)?));
        }
        curves(title, "Step", "Loss", &lines)
    }
    compare("One point", &[(1.1, 0.0)], [0.05, 0.5, 10.0])?;

    cell("two-answers");
    // The same with two points that lie close together and have different answers.
    compare("Two points", &[(1.1, 0.0), (1.3, 1.0)], [0.05, 0.5, 10.0])?;

    cell("linear");
    // Two points, one per row; three outputs; what the ReLU lets through.
    let points: T2 = T2::from_floats([[2.0, 1.0], [0.0, 1.0]], &device);
    let w: T2 = T2::from_floats([[1.0, 0.0, 1.0], [0.0, 1.0, -1.0]], &device);
    let beta: T2 = T2::from_floats([[0.0, 0.5, -1.0]], &device);
    let sides: T2 = points.matmul(w) + beta; // [2, 3]
    print_tensor("weighted sums", sides.clone());
    print_tensor("after ReLU", sides.clamp_min(0.0));

    cell("two-linears");
    // Two linear layers, and the one layer that has the product of their weights.
    use shared::init::{rand, randn, torch_init};
    let with_relu: bool = false;
    {
        let mut rng = TorchRng::new(123);
        let x = randn([4, 2], &mut rng, &device);
        let (first, second) = (randn([2, 5], &mut rng, &device), randn([5, 3], &mut rng, &device));
        let hidden = x.clone().matmul(first.clone());
        let hidden = if with_relu { hidden.clamp_min(0.0) } else { hidden };
        let difference = hidden.matmul(second.clone()) - x.matmul(first.matmul(second));
        println!("largest difference: {:.4}", difference.abs().max().into_scalar::<f32>());
    }

    cell("own-network");
    // A network with one hidden layer.
    use burn::nn::{Linear, LinearConfig};
    #[derive(Module, Debug)]
    struct TinyNetwork {
        hidden: Linear,
        output: Linear,
    }
    impl TinyNetwork {
        fn new(inputs: usize, hidden: usize, outputs: usize, device: &Device) -> Self {
            Self {
                hidden: LinearConfig::new(inputs, hidden).init(device),
                output: LinearConfig::new(hidden, outputs).init(device),
            }
        }

        fn forward(&self, x: T2) -> T2 {
            self.output.forward(self.hidden.forward(x).clamp_min(0.0))
        }
    }
    {
        let network = torch_init(TinyNetwork::new(2, 8, 2, &device), &mut TorchRng::new(123));
        println!("{network}");
        print_tensor("logits", network.forward(T2::from_floats([[2.0, 1.0]], &device)));
    }

    cell("parameters");
    // The parameters of a chain of linear layers, from the sizes and from the model.
    use appendix_burn_intro::NeuralNetwork;
    fn parameters(sizes: &[usize]) -> usize {
        sizes.windows(2).map(|pair| pair[0] * pair[1] + pair[1]).sum()
    }
    println!("by formula: {}", parameters(&[50, 30, 20, 3]));
    println!("in the model: {}", NeuralNetwork::new(50, 3, &device).num_params());

    cell("first-values");
    // How many weights of the first layer lie in each interval of width 0.05.
    let inputs: usize = 50;
    {
        let network = torch_init(NeuralNetwork::new(inputs, 3, &device), &mut TorchRng::new(123));
        let mut shares = vec![0.0; 12];
        for value in network.hidden_1.weight.val().into_data().iter::<f64>() {
            shares[((value + 0.3) / 0.05).clamp(0.0, 11.0) as usize] += 100.0 / (inputs * 30) as f64;
        }
        let labels: Vec<String> = (0..12).map(|i| format!("{:.3}", f64::from(i) * 0.05 - 0.275)).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        bars("First weights", "Share in percent", &labels, &[("weights", shares)]);
    }

    cell("equal-weights");
    // All parameters get the same value; then the network is trained for twenty epochs.
    use appendix_burn_intro::{ToyDataset, ToyLoader, train};
    use burn::module::ModuleMapper;
    struct Fill(f64);
    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|values| (values.zeros_like() + self.0).require_grad())
        }
    }
    let value: f64 = 0.1;
    {
        let model = NeuralNetwork::new(2, 2, &recording).map(&mut Fill(value));
        let loader = ToyLoader::new(ToyDataset::train(), true, true);
        let (model, _) = train(model, &loader, 0.5, 20, &mut TorchRng::new(123), &recording);
        print_tensor("some of the second layer", model.valid().hidden_2.weight.val().slice(s![0..3, 0..4]));
    }

    cell("spread");
    // The mean size of values on their way through fifteen layers of 50, each with a ReLU.
    fn sizes(factor: f64) -> Vec<(f64, f64)> {
        let (device, mut rng) = (Device::flex(), TorchRng::new(123));
        let mut x = randn([20, 50], &mut rng, &device);
        let mut layer = |number: i32| {
            let weight = (rand([50, 50], &mut rng, &device) * 2.0 - 1.0) * (factor / 50f64.sqrt());
            x = x.clone().matmul(weight).clamp_min(0.0);
            (f64::from(number), x.clone().mean().into_scalar::<f64>().log10())
        };
        (1..=15).map(&mut layer).collect()
    }
    {
        let lines = [("1", sizes(1.0)), ("2.5", sizes(2.5)), ("5", sizes(5.0))];
        curves("First values of three sizes", "Layer", "Power of ten", &lines)?;
    }

    cell("softmax");
    // Softmax as its formula says and burn's, after a number was added to all logits.
    use burn::tensor::activation::{log_softmax, softmax};
    fn softmax_by_formula(logits: T2) -> T2 {
        let exp = logits.exp();
        exp.clone() / exp.sum_dim(1)
    }
    let shift: f64 = 10.0;
    let network: NeuralNetwork = torch_init(NeuralNetwork::new(50, 3, &device), &mut TorchRng::new(123));
    let logits: T2 = network.forward(rand([1, 50], &mut TorchRng::new(123), &device));
    print_tensor("by formula", softmax_by_formula(logits.clone() + shift));
    print_tensor("burn's", softmax(logits + shift, 1));

    cell("log-softmax");
    // The loss if the right class has the logit 0 and the other one is larger.
    let larger: f32 = 20.0;
    {
        let logits = T2::from_floats([[0.0, larger]], &device);
        let one = softmax(logits.clone(), 1).log().slice(s![.., 0]).neg().into_scalar::<f32>();
        let both = log_softmax(logits, 1).slice(s![.., 0]).neg().into_scalar::<f32>();
        println!("softmax, then logarithm: {one:.2}; both in one: {both:.2}");
    }

    cell("batch");
    // A batch of the chosen points.
    use appendix_burn_intro::ToyBatch;
    let chosen: Vec<usize> = vec![0, 1, 3];
    let batch: ToyBatch = ToyDataset::train().batch(&chosen, &device);
    print_tensor("features", batch.features);
    print_tensor("labels", batch.labels);

    cell("batches");
    // Which points go into which batch, in three epochs.
    use shared::BatchLoader;
    let loader: BatchLoader = BatchLoader { len: 5, batch_size: 2, shuffle: true, drop_last: false };
    let mut shuffle: TorchRng = TorchRng::new(123);
    for epoch in 1..=3 {
        println!("epoch {epoch}: {:?}", loader.batches(&mut shuffle));
    }

    cell("left-out");
    // How often each point is in a batch if the last batch is dropped.
    let passes: usize = 100;
    {
        let loader = BatchLoader { len: 5, batch_size: 2, shuffle: true, drop_last: true };
        let mut rng = TorchRng::new(123);
        let mut seen = vec![0.0; loader.len];
        for point in (0..passes).flat_map(|_| loader.batches(&mut rng)).flatten() {
            seen[point] += 1.0;
        }
        bars("Points in full batches", "Epochs", &["0", "1", "2", "3", "4"], &[("seen", seen)]);
    }

    cell("cross-entropy");
    // The mean of -ln p(right class), and the workspace's function.
    use shared::cross_entropy;
    fn mean_loss(logits: T2, labels: I1) -> T1 {
        let [n, _] = logits.dims();
        log_softmax(logits, 1).gather(1, labels.reshape([n, 1])).mean().neg()
    }
    let answers: T2 = T2::from_floats([[2.0, -1.0], [0.0, 0.0]], &device);
    let labels: I1 = I1::from_ints([0, 1], &device);
    println!("own: {:.4}", mean_loss(answers.clone(), labels.clone()).into_scalar::<f32>());
    println!("workspace: {:.4}", cross_entropy(answers, labels).into_scalar::<f32>());

    cell("one-step");
    // The four lines once: the loss of the batch and of all points, before and after.
    use burn::optim::{GradientsParams, SgdConfig};
    fn loss_of(model: &NeuralNetwork, points: &[usize], device: &Device) -> T1 {
        let batch = ToyDataset::train().batch(points, device);
        cross_entropy(model.forward(batch.features), batch.labels)
    }
    let rate: f64 = 0.5;
    let in_batch: [usize; 2] = [2, 1];
    {
        let model = torch_init(NeuralNetwork::new(2, 2, &recording), &mut TorchRng::new(123));
        let print_losses = |when: &str, model: &NeuralNetwork| {
            let value = |points: &[usize]| loss_of(model, points, &recording).into_scalar::<f32>();
            println!("{when}: loss of the batch {:.2}, of all points {:.2}", value(&in_batch), value(&[0, 1, 2, 3, 4]));
        };
        print_losses("before", &model);
        let loss = loss_of(&model, &in_batch, &recording);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        let model = SgdConfig::new().init().step(rate, model, gradients);
        print_losses("after", &model);
    }

    cell("training");
    // The training loop. Returns the network and the loss of each batch.
    fn training(learning_rate: f64, epochs: usize, seed: u64) -> (NeuralNetwork, Vec<f64>) {
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(seed));
        let mut model = torch_init(NeuralNetwork::new(2, 2, &device), &mut rng);
        let loader = ToyLoader::new(ToyDataset::train(), true, true);
        let mut optimizer = SgdConfig::new().init();
        let mut losses = Vec::new();
        for _ in 0..epochs {
            for batch in loader.iter(&mut rng, &device) {
                let loss = cross_entropy(model.forward(batch.features), batch.labels);
                losses.push(loss.clone().into_scalar());
                let gradients = GradientsParams::from_grads(loss.backward(), &model);
                model = optimizer.step(learning_rate, model, gradients);
            }
        }
        (model.valid(), losses)
    }
    let losses: Vec<f64> = training(0.5, 3, 123).1;
    println!("{losses:.2?}");

    cell("learning-rates");
    // The losses of ten epochs with three learning rates.
    {
        let line = |rate| (1..).map(f64::from).zip(training(rate, 10, 123).1).collect::<Vec<_>>();
        let lines = [("0.05", line(0.05)), ("0.2", line(0.2)), ("0.5", line(0.5))];
        curves("Learning rates", "Batch", "Loss", &lines)?;
    }

    cell("accuracy");
    // The share of points whose largest logit is that of their class.
    fn accuracy(model: &NeuralNetwork, points: &ToyDataset) -> f64 {
        let all: Vec<usize> = (0..points.len()).collect();
        let batch = points.batch(&all, &Device::flex());
        let classes = model.forward(batch.features).argmax(1).reshape([points.len()]);
        let right: i64 = classes.equal(batch.labels).int().sum().into_scalar();
        right as f64 / points.len() as f64
    }
    let epochs: usize = 3;
    let trained: NeuralNetwork = training(0.5, epochs, 123).0;
    println!("training points: {}", accuracy(&trained, &ToyDataset::train()));
    println!("test points: {}", accuracy(&trained, &ToyDataset::test()));

    cell("map");
    // What the network says about points of the plane.
    {
        let across: Vec<i32> = (-4..=4).collect();
        let down: Vec<i32> = (-4..=4).rev().collect();
        let plane: Vec<f32> =
            down.iter().flat_map(|&x2| across.iter().flat_map(move |&x1| [x1 as f32, x2 as f32])).collect();
        let features = T2::from_data(TensorData::new(plane, [81, 2]), &device);
        let class_1 = softmax(trained.forward(features), 1).slice(s![.., 1]).reshape([9, 9]);
        heatmap("Probability of class 1", ("x2", &down), ("x1", &across), class_1)?;
    }

    cell("save");
    // The parameters in a file.
    let file: std::path::PathBuf = std::env::temp_dir().join("appendix-a-notebook.bpk");
    trained.clone().save_file(&file)?;
    println!("{} parameters, {} bytes", trained.num_params(), grouped(std::fs::metadata(&file)?.len() as usize));

    cell("load");
    // Into a network of the same sizes, or of others.
    let outputs: usize = 2;
    match NeuralNetwork::new(2, outputs, &device).try_load_file(&file) {
        Ok(loaded) => println!("loaded, accuracy on the training points: {}", accuracy(&loaded, &ToyDataset::train())),
        Err(error) => println!("{error}"),
    }

    cell("where");
    // One function for all devices; each tensor knows its own.
    fn doubled(device: &Device) -> T1 {
        T1::from_floats([1.0, 2.0, 3.0], device) * 2.0
    }
    println!("{:?}", doubled(&device).device());
    println!("{:?}", doubled(&recording).device());
    println!("{:?}", doubled(&recording).inner().device());

    cell("work");
    // Products [n, 2n] times [2n, n]: multiplications, and how many there are for each number that has to be moved.
    let widths: [usize; 3] = [100, 300, 1000];
    for n in widths {
        let (work, moved) = (2 * n * n * n, 2 * n * n + 2 * n * n + n * n);
        println!("n = {n}: {} multiplications, {} for each number", grouped(work), work / moved);
    }

    cell("shares");
    // A batch of four points, cut into two shares: the mean of their gradients, plain and weighted.
    fn bias_gradient(model: &NeuralNetwork, points: &[usize]) -> Result<T1> {
        let gradients = loss_of(model, points, &Device::flex().autodiff()).backward();
        model.output.bias.as_ref().and_then(|bias| bias.val().grad(&gradients)).context("no gradient")
    }
    let cut: usize = 3;
    {
        let model = torch_init(NeuralNetwork::new(2, 2, &recording), &mut TorchRng::new(123));
        let batch = [0, 1, 2, 3];
        let (left, right) = (bias_gradient(&model, &batch[..cut])?, bias_gradient(&model, &batch[cut..])?);
        let share = cut as f64 / 4.0;
        print_tensor("whole batch", bias_gradient(&model, &batch)?);
        print_tensor("plain mean", (left.clone() + right.clone()) / 2.0);
        print_tensor("weighted", left * share + right * (1.0 - share));
    }

    cell("workers");
    // The training of A.7 on several devices: here all of them are handles of one CPU.
    use appendix_burn_intro::parallel::averaged_gradients;
    let workers: Vec<Device> = vec![Device::flex().autodiff(); 2];
    {
        let mut rng = TorchRng::new(123);
        let mut model = torch_init(NeuralNetwork::new(2, 2, &recording), &mut rng);
        let loader = ToyLoader::new(ToyDataset::train(), true, true);
        let mut optimizer = SgdConfig::new().init();
        for points in (0..3).flat_map(|_| loader.order.batches(&mut rng)) {
            let shares = points.chunks(points.len().div_ceil(workers.len())).zip(&workers);
            let shares = shares.map(|(share, worker)| (worker.clone(), loader.dataset.batch(share, worker))).collect();
            let (loss, gradients) = averaged_gradients(&model, shares, &recording);
            println!("points {points:?}: loss {:.2}", loss.into_scalar::<f32>());
            model = optimizer.step(0.5, model, gradients);
        }
    }

    cell("columns");
    // The second question: shapes, and the first column of the portions.
    let over: usize = 0;
    let grid: T2 = I1::arange(1..21, &device).float().reshape([4, 5]);
    let part: T2 = grid.clone() / grid.clone().sum_dim(over);
    println!("{:?} and {:?}", grid.sum_dim(over).dims(), part.dims());
    print_tensor("the first column", part.slice(s![.., 0]).transpose());

    cell("accumulate");
    // The fifth question: gradients of two batches, added up before one update.
    use burn::optim::GradientsAccumulator;
    let scale: f64 = 0.5;
    {
        let model = torch_init(NeuralNetwork::new(2, 2, &recording), &mut TorchRng::new(123));
        let mut sum = GradientsAccumulator::new();
        for points in [[0, 1], [2, 3]] {
            let loss = loss_of(&model, &points, &recording) * scale;
            sum.accumulate(&model, GradientsParams::from_grads(loss.backward(), &model));
        }
        let bias = model.output.bias.as_ref().context("a layer without bias")?;
        print_tensor("added up", sum.grads().get::<1>(bias.id).context("no gradient")?);
        print_tensor("all four at once", bias_gradient(&model, &[0, 1, 2, 3])?);
    }
    Ok(())
}
