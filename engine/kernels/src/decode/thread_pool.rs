//! Threads that run the same function again and again and synchronize with barriers in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Checks in a spinning loop before a waiting thread yields its core: about 20 µs. Within a token, the other threads are
/// hardly ever later than that, and going to sleep and being woken takes as long.
const SPINS: usize = 4000;

/// Checks before a thread that waits for the next round goes to sleep; after [`SPINS`] of them it yields in between, for about
/// two milliseconds: so long a server can be busy with other things between two tokens. A thread that sleeps may be woken on the
/// core of one that waits for it.
const CHECKS: usize = SPINS + 4000;

/// State that all workers share.
#[derive(Debug)]
struct PoolState {
    workers: usize,
    /// Workers that are waiting at the barrier.
    arrived: AtomicUsize,
    /// Barriers that all workers have passed.
    passed: AtomicUsize,
    /// Rounds that were started.
    rounds: AtomicUsize,
    /// Whether the pool was dropped or one of its threads has panicked.
    stopped: AtomicBool,
}

/// One of the threads of a [`ThreadPool`].
#[derive(Clone, Debug)]
pub struct Worker {
    /// Its number, from 0.
    pub index: usize,
    /// Number of workers in the pool.
    pub of: usize,
    state: Arc<PoolState>,
}

impl Worker {
    /// This worker's part of `0..n`, where `n` is divided only at multiples of `step`. It can be empty.
    pub fn share(&self, n: usize, step: usize) -> std::ops::Range<usize> {
        let steps = n.div_ceil(step);
        let cut = |i: usize| (steps * i / self.of * step).min(n);
        cut(self.index)..cut(self.index + 1)
    }

    /// Waits until all workers have arrived here.
    ///
    /// # Panics
    /// If another worker panicked.
    pub fn barrier(&self) {
        let state = &*self.state;
        let passed = state.passed.load(Ordering::Acquire);
        if state.arrived.fetch_add(1, Ordering::AcqRel) + 1 == state.workers {
            state.arrived.store(0, Ordering::Relaxed);
            state.passed.store(passed + 1, Ordering::Release);
            return;
        }
        let mut checks = 0;
        while state.passed.load(Ordering::Acquire) == passed {
            assert!(!state.stopped.load(Ordering::Relaxed), "another thread of the pool has panicked");
            checks += 1;
            if checks < SPINS { std::hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

/// Stops the pool if its thread panics, so that no other thread waits forever.
struct StopOnPanic<'a>(&'a PoolState);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stopped.store(true, Ordering::Relaxed);
        }
    }
}

/// The threads: the one that calls [`run`](Self::run), and the others, which wait for it.
pub struct ThreadPool {
    caller: Worker,
    work: Arc<dyn Fn(&Worker) + Send + Sync>,
    others: Vec<JoinHandle<()>>,
}

impl ThreadPool {
    /// A pool of `workers` threads, the caller's included, which all run `work` in every round.
    ///
    /// # Panics
    /// If the system cannot start a thread.
    pub fn start(workers: usize, work: impl Fn(&Worker) + Send + Sync + 'static) -> Self {
        let state = Arc::new(PoolState {
            workers,
            arrived: AtomicUsize::new(0),
            passed: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let worker = |index| Worker { index, of: workers, state: Arc::clone(&state) };
        let work: Arc<dyn Fn(&Worker) + Send + Sync> = Arc::new(work);
        let others = (1..workers).map(|index| {
            let (worker, work) = (worker(index), Arc::clone(&work));
            let thread = thread::Builder::new().name(format!("decode {index}"));
            thread.spawn(move || wait_for_work(&worker, &*work)).expect("the system can start a thread")
        });
        Self { others: others.collect(), caller: worker(0), work }
    }

    /// One round: every worker runs the function once.
    ///
    /// # Panics
    /// If a worker panics, or did in an earlier round: then the pool is stopped.
    pub fn run(&mut self) {
        let state = &*self.caller.state;
        assert!(!state.stopped.load(Ordering::Acquire), "a thread of the pool has panicked before");
        state.rounds.fetch_add(1, Ordering::Release);
        for other in &self.others {
            other.thread().unpark();
        }
        let _guard = StopOnPanic(state);
        (self.work)(&self.caller);
        self.caller.barrier();
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.caller.state.stopped.store(true, Ordering::Release);
        for other in self.others.drain(..) {
            other.thread().unpark();
            // If the thread panicked, the caller has already reported it.
            let _ = other.join();
        }
    }
}

fn wait_for_work(worker: &Worker, work: &(dyn Fn(&Worker) + Send + Sync)) {
    let state = &*worker.state;
    let _guard = StopOnPanic(state);
    let mut done = 0;
    loop {
        let mut checks = 0;
        while state.rounds.load(Ordering::Acquire) == done {
            if state.stopped.load(Ordering::Acquire) {
                return;
            }
            checks += 1;
            match checks {
                0..SPINS => std::hint::spin_loop(),
                SPINS..CHECKS => thread::yield_now(),
                _ => thread::park(),
            }
        }
        done += 1;
        work(worker);
        worker.barrier();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;
    use std::time::Duration;

    #[test]
    fn shares_cover_everything_once() {
        for workers in 1..6 {
            let log = Arc::new(Mutex::new(Vec::new()));
            let shared = Arc::clone(&log);
            let mut pool = ThreadPool::start(workers, move |worker| shared.lock().unwrap().extend(worker.share(37, 4)));
            pool.run();
            let mut found = log.lock().unwrap().clone();
            found.sort_unstable();
            assert_eq!(found, (0..37).collect::<Vec<_>>(), "{workers} workers");
        }
    }

    #[test]
    fn no_worker_passes_a_barrier_before_the_last_has_arrived() {
        let count = Arc::new(AtomicUsize::new(0));
        let shared = Arc::clone(&count);
        let mut pool = ThreadPool::start(3, move |worker| {
            for step in 1..=50 {
                shared.fetch_add(1, Ordering::SeqCst);
                worker.barrier();
                assert_eq!(shared.load(Ordering::SeqCst) % 3, 0, "step {step}");
                worker.barrier();
            }
        });
        for _ in 0..3 {
            pool.run();
            // Long enough for the others to fall asleep.
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(count.load(Ordering::SeqCst), 3 * 3 * 50);
    }

    #[test]
    #[should_panic(expected = "another thread of the pool has panicked")]
    fn a_panic_in_one_worker_reaches_the_caller() {
        let mut pool = ThreadPool::start(2, |worker| assert!(worker.index == 0, "on purpose"));
        pool.run();
    }

    #[test]
    fn after_a_panic_no_round_starts() {
        for panicking in [0, 1] {
            let mut pool = ThreadPool::start(2, move |worker| assert!(worker.index != panicking, "on purpose"));
            for _ in 0..2 {
                let round = catch_unwind(AssertUnwindSafe(|| pool.run()));
                assert!(round.is_err(), "a round in which thread {panicking} panics");
            }
        }
    }
}
