//! Looks twice a second at the machine and at every session, tells each what it gets, and lets new ones in.

use super::cost::{Costs, Footprint, USUAL};
use super::ladder::Ladder;
use super::machine::Machine;
use super::service::{Demand, LoadConfig, Service, Step};
use crate::live::LiveSpec;
use crate::sync::lock;
use kinemotion_models::Engine;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time between two looks.
const TICK: Duration = Duration::from_millis(500);
/// After so long what a session takes is part of what is measured.
const SETTLED: Duration = Duration::from_secs(4);

/// A session that can be told what it gets.
pub(crate) trait Governed: Send + Sync {
    /// What it would like to have, and what it has to do; `None` while no frames come.
    fn demand(&self) -> Option<(Demand, Footprint)>;
    /// What it gets from now on.
    fn serve(&self, service: &Service);
    /// Inferences given up so far because nobody was free in time.
    fn given_up(&self) -> u64;
}

/// Why a session is not let in: the machine would be too busy.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "the machine is busy: this session needs {needed:.2} processors, and {left:.2} of {cores:.0} can be given away"
)]
pub struct Overload {
    /// Processors that the session needs at least.
    pub needed: f64,
    /// Processors that can still be given away.
    pub left: f64,
    /// Processors there are.
    pub cores: f64,
}

/// How the process is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadState {
    /// How far down the ladder.
    pub step: Step,
    /// How often each step was taken on the way down, in the order of [`Step::ALL`].
    pub taken: [u64; Step::ALL.len()],
    /// Sessions that get less than they asked for.
    pub degraded: usize,
    /// Sessions of the usual kind that would be let in now, one after the other; without admission there is no end of them.
    pub room: usize,
    /// Processors this process may use.
    pub cores: f64,
    /// How many of them are busy, whoever uses them.
    pub busy: f64,
    /// How many of them run networks for this process.
    pub inference: f64,
    /// Share of their time that inference workers are busy.
    pub engine_busy: f64,
}

/// Shares the machine out among sessions. One per process; clones belong together. Its thread ends with the last of them.
#[derive(Clone)]
pub struct Governor(Arc<Handle>);

struct Handle {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    state: Mutex<State>,
    ended: Mutex<bool>,
    wake: Condvar,
}

struct State {
    machine: Machine,
    ladder: Ladder,
    shares: Vec<Weak<Share>>,
}

/// A session's share of the machine, from the moment it is let in. Dropping it gives the share back.
pub struct Share {
    /// What it is expected to do, until it is seen.
    expected: Footprint,
    present: Mutex<Present>,
}

struct Present {
    session: Option<Weak<dyn Governed>>,
    /// When it was first seen to do something.
    since: Option<Instant>,
    service: Option<Service>,
    given_up: u64,
}

impl Governor {
    /// Starts looking after the sessions that run on this engine.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub fn start(config: LoadConfig, engine: Arc<Engine>) -> std::io::Result<Self> {
        let state = State {
            machine: Machine::new(engine),
            ladder: Ladder::new(config),
            shares: Vec::new(),
        };
        let inner = Arc::new(Inner {
            state: Mutex::new(state),
            ended: Mutex::new(false),
            wake: Condvar::new(),
        });
        let own = inner.clone();
        let thread = std::thread::Builder::new()
            .name("governor".into())
            .spawn(move || own.run())?;
        Ok(Self(Arc::new(Handle {
            inner,
            thread: Mutex::new(Some(thread)),
        })))
    }

    /// Changes how load is dealt with.
    pub fn configure(&self, config: LoadConfig) {
        lock(&self.0.inner.state).ladder.configure(config);
    }

    /// Lets a session in. Takes no longer than adding some numbers up.
    ///
    /// # Errors
    /// There is no room for it. A process without sessions has room for one, whatever it costs.
    pub fn admit(&self, spec: &LiveSpec) -> Result<Arc<Share>, Overload> {
        let mut state = lock(&self.0.inner.state);
        let footprints = state.footprints();
        let expected = expected(spec, &footprints);
        if state.ladder.config().admission && !footprints.is_empty() {
            let costs = state.costs(&footprints);
            let (needed, left) = (costs.least(&expected), state.left(&costs, &footprints));
            if needed > left {
                let cores = state.machine.load().cores;
                return Err(Overload { needed, left, cores });
            }
        }
        let share = Arc::new(Share {
            expected,
            present: Mutex::new(Present {
                session: None,
                since: None,
                service: None,
                given_up: 0,
            }),
        });
        state.shares.push(Arc::downgrade(&share));
        Ok(share)
    }

    /// How the process is doing.
    pub fn state(&self) -> LoadState {
        let state = lock(&self.0.inner.state);
        let footprints = state.footprints();
        let costs = state.costs(&footprints);
        let left = state.left(&costs, &footprints);
        let load = state.machine.load();
        let room = match (state.ladder.config().admission, footprints.is_empty()) {
            (false, _) => usize::MAX,
            (true, empty) => ((left / costs.least(&USUAL)) as usize).max(usize::from(empty)),
        };
        let degraded = state.shares().filter(|share| share.is_degraded()).count();
        LoadState {
            step: state.ladder.step(),
            taken: state.ladder.taken(),
            degraded,
            room,
            cores: load.cores,
            busy: load.busy,
            inference: load.inference,
            engine_busy: load.work.busy,
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        *lock(&self.inner.ended) = true;
        self.inner.wake.notify_all();
        if let Some(thread) = lock(&self.thread).take() {
            // One that panicked has nothing left to wait for.
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn run(&self) {
        loop {
            let ended = self
                .wake
                .wait_timeout_while(lock(&self.ended), TICK, |ended| !*ended)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if *ended {
                return;
            }
            drop(ended);
            // Sessions are told without the lock: what they do may take a moment.
            let orders = lock(&self.state).tick();
            for (session, service) in orders {
                session.serve(&service);
            }
        }
    }
}

impl State {
    /// Looks at everything; what each session whose service changes gets.
    fn tick(&mut self) -> Vec<(Arc<dyn Governed>, Service)> {
        self.shares.retain(|share| share.strong_count() > 0);
        let seen: Vec<_> = self.shares().filter_map(|share| share.look()).collect();
        let given_up = seen.iter().map(|seen| seen.given_up).sum();
        let work = self.machine.look(given_up).work;
        let demands: Vec<Demand> = seen.iter().map(|seen| seen.demand).collect();
        self.ladder.decide(&work, &demands);
        seen.into_iter()
            .filter_map(|seen| {
                let service = self.ladder.service(&seen.demand);
                seen.share.assign(service).then_some((seen.session, service))
            })
            .collect()
    }

    fn shares(&self) -> impl Iterator<Item = Arc<Share>> + '_ {
        self.shares.iter().filter_map(Weak::upgrade)
    }

    fn footprints(&self) -> Vec<Footprint> {
        self.shares().map(|share| share.footprint()).collect()
    }

    fn costs(&self, footprints: &[Footprint]) -> Costs {
        let config = self.ladder.config();
        Costs::new(
            &self.machine.load(),
            config.floor,
            config.lighter_models,
            footprints,
        )
    }

    /// Processors that can still be given away.
    fn left(&self, costs: &Costs, footprints: &[Footprint]) -> f64 {
        let budget = self.ladder.config().budget * self.machine.load().cores;
        (budget - costs.taken(footprints)).max(0.0)
    }
}

/// A session as it is at a tick.
struct Seen {
    share: Arc<Share>,
    session: Arc<dyn Governed>,
    demand: Demand,
    /// Since the tick before.
    given_up: u64,
}

impl Share {
    /// The session that has it, from now on.
    pub(crate) fn attach(&self, session: Weak<dyn Governed>) {
        lock(&self.present).session = Some(session);
    }

    fn session(&self) -> Option<Arc<dyn Governed>> {
        lock(&self.present).session.as_ref().and_then(Weak::upgrade)
    }

    fn look(self: Arc<Self>) -> Option<Seen> {
        let session = self.session()?;
        let (demand, _) = session.demand()?;
        let so_far = session.given_up();
        let mut present = lock(&self.present);
        present.since.get_or_insert_with(Instant::now);
        let given_up = so_far.saturating_sub(present.given_up);
        present.given_up = so_far;
        drop(present);
        Some(Seen {
            share: self,
            session,
            demand,
            given_up,
        })
    }

    /// What it does, or is expected to do.
    fn footprint(&self) -> Footprint {
        let since = lock(&self.present).since;
        let settled = since.is_some_and(|since| since.elapsed() >= SETTLED);
        let seen = self
            .session()
            .filter(|_| settled)
            .and_then(|session| session.demand());
        seen.map_or(self.expected, |(_, footprint)| footprint)
    }

    fn is_degraded(&self) -> bool {
        lock(&self.present)
            .service
            .is_some_and(|service| service.degraded)
    }

    /// Whether that is something else than it has.
    fn assign(&self, service: Service) -> bool {
        let mut present = lock(&self.present);
        let before = present.service.replace(service);
        before.map_or(service.degraded, |before| before != service)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

/// What a session is expected to do. Who publishes does not say beforehand how large and quick the video is: as the others on
/// average, or as usual.
fn expected(spec: &LiveSpec, others: &[Footprint]) -> Footprint {
    let mean = |of: fn(&Footprint) -> f64, usual: f64| {
        let sum: f64 = others.iter().map(of).sum();
        if others.is_empty() {
            usual
        } else {
            sum / others.len() as f64
        }
    };
    Footprint {
        pixels: mean(|other| other.pixels, USUAL.pixels),
        fps: mean(|other| other.fps, USUAL.fps),
        quality: spec.quality,
        encoders: spec.encoders() as f64,
        ..USUAL
    }
}
