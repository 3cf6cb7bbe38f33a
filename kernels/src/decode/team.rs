//! Threads that do one job together, again and again, and wait for each other in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Looks at the other threads before a waiting thread gives its core away: some 20 µs. Within a token the others are
/// hardly ever later than that, and to sleep and be woken takes as long.
const LOOKS: usize = 4000;

/// Looks before a thread that waits for work goes to sleep; those after [`LOOKS`] give the core away in between.
const LAST_LOOK: usize = LOOKS + 20;

/// What the members know of each other.
#[derive(Debug)]
struct Meeting {
    members: usize,
    /// Members that wait at the barrier.
    arrived: AtomicUsize,
    /// Barriers that all have passed.
    passed: AtomicUsize,
    /// Rounds that were started.
    rounds: AtomicUsize,
    /// The team is no longer needed, or one of its threads has panicked.
    over: AtomicBool,
}

/// One of the threads of a [`Team`].
#[derive(Clone, Debug)]
pub struct Member {
    /// Its number, from 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
    meeting: Arc<Meeting>,
}

impl Member {
    /// This member's share of `0..n`, where `n` is cut only at multiples of `step`. It can be empty.
    pub fn share(&self, n: usize, step: usize) -> std::ops::Range<usize> {
        let steps = n.div_ceil(step);
        let cut = |i: usize| (steps * i / self.of * step).min(n);
        cut(self.index)..cut(self.index + 1)
    }

    /// Waits until all members are here.
    ///
    /// # Panics
    /// If another member panicked.
    pub fn barrier(&self) {
        let meeting = &*self.meeting;
        let passed = meeting.passed.load(Ordering::Acquire);
        if meeting.arrived.fetch_add(1, Ordering::AcqRel) + 1 == meeting.members {
            meeting.arrived.store(0, Ordering::Relaxed);
            meeting.passed.store(passed + 1, Ordering::Release);
            return;
        }
        let mut looks = 0;
        while meeting.passed.load(Ordering::Acquire) == passed {
            assert!(!meeting.over.load(Ordering::Relaxed), "another thread of the team has panicked");
            looks += 1;
            if looks < LOOKS { std::hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

/// Marks the meeting as over if its thread panics, so that nobody waits for ever.
struct EndOnPanic<'a>(&'a Meeting);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.over.store(true, Ordering::Relaxed);
        }
    }
}

/// The threads: the one that calls [`run`](Self::run) and those that wait for it.
pub struct Team {
    caller: Member,
    work: Arc<dyn Fn(&Member) + Send + Sync>,
    others: Vec<JoinHandle<()>>,
}

impl Team {
    /// A team of `members` threads, the caller among them, that all do `work` in every round.
    ///
    /// # Panics
    /// If the system cannot start a thread.
    pub fn start(members: usize, work: impl Fn(&Member) + Send + Sync + 'static) -> Self {
        let meeting = Arc::new(Meeting {
            members,
            arrived: AtomicUsize::new(0),
            passed: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let member = |index| Member { index, of: members, meeting: Arc::clone(&meeting) };
        let work: Arc<dyn Fn(&Member) + Send + Sync> = Arc::new(work);
        let others = (1..members).map(|index| {
            let (member, work) = (member(index), Arc::clone(&work));
            let thread = thread::Builder::new().name(format!("decode {index}"));
            thread.spawn(move || wait_for_work(&member, &*work)).expect("the system can start a thread")
        });
        Self { others: others.collect(), caller: member(0), work }
    }

    /// All members do the work once.
    ///
    /// # Panics
    /// If a member does, or did in an earlier round: the team is over then.
    pub fn run(&mut self) {
        let meeting = &*self.caller.meeting;
        assert!(!meeting.over.load(Ordering::Acquire), "a thread of the team has panicked before");
        meeting.rounds.fetch_add(1, Ordering::Release);
        for other in &self.others {
            other.thread().unpark();
        }
        let _guard = EndOnPanic(meeting);
        (self.work)(&self.caller);
        self.caller.barrier();
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.caller.meeting.over.store(true, Ordering::Release);
        for other in self.others.drain(..) {
            other.thread().unpark();
            // A thread that panicked has said so already, and the caller with it.
            let _ = other.join();
        }
    }
}

fn wait_for_work(member: &Member, work: &(dyn Fn(&Member) + Send + Sync)) {
    let meeting = &*member.meeting;
    let _guard = EndOnPanic(meeting);
    let mut done = 0;
    loop {
        let mut looks = 0;
        while meeting.rounds.load(Ordering::Acquire) == done {
            if meeting.over.load(Ordering::Acquire) {
                return;
            }
            looks += 1;
            match looks {
                0..LOOKS => std::hint::spin_loop(),
                LOOKS..LAST_LOOK => thread::yield_now(),
                _ => thread::park(),
            }
        }
        done += 1;
        work(member);
        member.barrier();
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
        for members in 1..6 {
            let log = Arc::new(Mutex::new(Vec::new()));
            let shared = Arc::clone(&log);
            let mut team = Team::start(members, move |member| shared.lock().unwrap().extend(member.share(37, 4)));
            team.run();
            let mut found = log.lock().unwrap().clone();
            found.sort_unstable();
            assert_eq!(found, (0..37).collect::<Vec<_>>(), "{members} members");
        }
    }

    #[test]
    fn nobody_passes_a_barrier_before_the_last_has_come() {
        let count = Arc::new(AtomicUsize::new(0));
        let shared = Arc::clone(&count);
        let mut team = Team::start(3, move |member| {
            for step in 1..=50 {
                shared.fetch_add(1, Ordering::SeqCst);
                member.barrier();
                assert_eq!(shared.load(Ordering::SeqCst) % 3, 0, "step {step}");
                member.barrier();
            }
        });
        for _ in 0..3 {
            team.run();
            // Long enough for the others to fall asleep.
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(count.load(Ordering::SeqCst), 3 * 3 * 50);
    }

    #[test]
    #[should_panic(expected = "another thread of the team has panicked")]
    fn a_panic_of_one_reaches_the_caller() {
        let mut team = Team::start(2, |member| assert!(member.index == 0, "on purpose"));
        team.run();
    }

    #[test]
    fn after_a_panic_there_is_no_further_round() {
        for guilty in [0, 1] {
            let mut team = Team::start(2, move |member| assert!(member.index != guilty, "on purpose"));
            for _ in 0..2 {
                let round = catch_unwind(AssertUnwindSafe(|| team.run()));
                assert!(round.is_err(), "a round of thread {guilty}, which panics");
            }
        }
    }
}
