//! t
use burn::tensor::{Device, Tensor, TensorData};
use kernels::decode::{Matrix, Precision};
use std::time::Instant;
fn main() {
    {
        let (rows, cols) = (49152, 576);
        let data: Vec<f32> = (0..rows * cols).map(|i| ((i * 7919) % 251) as f32 / 125.0 - 1.0).collect();
        let m = Matrix::shared(Tensor::from_data(TensorData::new(data, [rows, cols]), &Device::flex())).unwrap();
        let x: Vec<f32> = (0..cols).map(|i| i as f32 / 100.0).collect();
        let mut y = vec![0.0; rows];
        let mut times = Vec::new();
        for _ in 0..20 { let t = Instant::now(); m.add_row_products(&x, 0..rows, &mut y); times.push(t.elapsed().as_secs_f64()); }
        times.sort_by(f64::total_cmp);
        println!("rows: {:.1} GB/s", (rows * cols * 4) as f64 / times[2] / 1e9);
    }
    for (rows, cols) in [(576, 960), (576, 576), (576, 1536), (1536, 576), (768, 768), (768, 3072), (576, 49152)] {
        let n = (200_000_000 / (rows * cols)).clamp(1, 60);
        let data: Vec<f32> = (0..rows * cols).map(|i| ((i * 7919) % 251) as f32 / 125.0 - 1.0).collect();
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            let ms: Vec<Matrix> = (0..n).map(|_| Matrix::shared(Tensor::from_data(TensorData::new(data.clone(), [rows, cols]), &Device::flex())).unwrap().in_precision(precision)).collect();
            let x: Vec<f32> = (0..rows).map(|i| i as f32 / 100.0).collect();
            let mut y = vec![0.0; cols];
            let mut times = Vec::new();
            for _ in 0..12 { for m in &ms { let t = Instant::now(); m.add_product(&x, 0..rows, 0..cols, &mut y); times.push(t.elapsed().as_secs_f64()); } }
            times.sort_by(f64::total_cmp);
            let bytes = (rows * cols) as f64 * match precision { Precision::F32 => 4.0, Precision::Bf16 => 2.0, _ => 1.0 };
            let t = times[times.len() / 10];
            println!("{rows} x {cols} {precision:?}: {:.1} GB/s, {:.1} G weights/s; median {:.1}   {}", bytes / t / 1e9, (rows * cols) as f64 / t / 1e9, (rows*cols) as f64 / times[times.len()/2] / 1e9, y.iter().sum::<f32>().to_bits());
        }
    }
}
