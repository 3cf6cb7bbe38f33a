//! Tokens per second.
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use fast::llama_decoder::llama_weights;
use fast::LlamaCpuDecoder;
use kernels::decode::Precision;

fn rss(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|l| l.starts_with(key)).and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap() / 1024
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let precision = match args[2].as_str() { "f32" => Precision::F32, "bf16" => Precision::Bf16, _ => Precision::Int8 };
    let threads: usize = args[3].parse().unwrap();
    let new: usize = args.get(4).map_or(200, |n| n.parse().unwrap());
    let begun = Instant::now();
    let loaded = model_files::load_llama(args[1].as_ref(), &burn::tensor::Device::flex()).unwrap();
    let load = begun.elapsed().as_secs_f64();
    let weights = Arc::new(llama_weights(&loaded.model, precision).unwrap());
    drop(loaded);
    println!("{} {threads} threads: load {load:.2} s, weights {:.2} s, rss {} peak {} MiB, {} MB per token", args[2], begun.elapsed().as_secs_f64() - load, rss("VmRSS"), rss("VmHWM"), weights.bytes_per_token() / 1_000_000);
    let long: Vec<u32> = (0..512).map(|i| (i * 7919 % 40000 + 100) as u32).collect();
    let argmax = |l: &[f32]| (0..l.len()).max_by(|a, b| l[*a].total_cmp(&l[*b])).unwrap() as u32;
    let mut decoder = LlamaCpuDecoder::with_threads(Arc::clone(&weights), threads);
    let fast = |times: &mut Vec<f64>| { times.sort_by(f64::total_cmp); (1.0 / times[times.len() / 10], 1.0 / times[times.len() / 2]) };
    let mut prompts = Vec::new();
    let (mut short, mut far) = (Vec::new(), Vec::new());
    let cpu = || { let s = std::fs::read_to_string("/proc/self/schedstat").unwrap(); s.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9 };
    let mut used = 0.0;
    for _ in 0..std::env::var("ROUNDS").map_or(3, |n| n.parse().unwrap()) {
        decoder.clear();
        let t = Instant::now();
        decoder.next_logits(&long).unwrap();
        prompts.push(512.0 / t.elapsed().as_secs_f64());
        if std::env::var("ONLY").is_ok() { continue; }
        for (from, n, times) in [(512, std::env::var("FAR").map_or(50, |n| n.parse().unwrap()), &mut far), (16, new, &mut short)] {
            let mut ids = long[..from].to_vec();
            let mut logits = decoder.next_logits(&ids).unwrap();
            let c = cpu();
            for _ in 0..n {
                let t = Instant::now();
                ids.push(argmax(&logits));
                logits = decoder.next_logits(&ids).unwrap();
                times.push(t.elapsed().as_secs_f64());
            }
            if from == 16 { used += cpu() - c; }
        }
    }
    if std::env::var("ONLY").is_ok() { println!("prompts {prompts:.0?}"); return; }
    let cpu = 3.0 * new as f64 / used;
    println!("prompts {prompts:.0?}  new: fast tenth, median {:.1?}, per cpu second {cpu:.1}  after 512 {:.1?}", fast(&mut short), fast(&mut far));
    let _ = ControlFlow::<()>::Continue(());
    println!("rss {} peak {}", rss("VmRSS"), rss("VmHWM"));
}
