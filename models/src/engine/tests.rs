mod batches;
mod providers;

use super::*;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// A runner that reports what it does and waits for permission.
struct Gate {
    begun: Sender<(String, f32)>,
    go: Arc<Mutex<Receiver<()>>>,
}

struct GateRunner {
    begun: Sender<(String, f32)>,
    go: Arc<Mutex<Receiver<()>>>,
}

impl Provider for Gate {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        Ok(Box::new(GateRunner {
            begun: self.begun.clone(),
            go: self.go.clone(),
        }))
    }
}

impl Runner for GateRunner {
    fn run(
        &mut self,
        network: Network,
        input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError> {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        self.begun.send((name, input[0])).expect("the test listens");
        self.go
            .lock()
            .expect("no test panics in here")
            .recv()
            .expect("the test lets go");
        deliver_nobody(network, sink);
        Ok(())
    }
}

fn deliver_nobody(network: Network, sink: &mut dyn FnMut(Outputs<'_>)) {
    assert_eq!(network, Network::Detector);
    let (boxes, logits) = (vec![0.0; 2254 * 12], vec![-9.0; 2254]);
    sink(Outputs::Detector {
        boxes: &boxes,
        logits: &logits,
    });
}

struct Gated {
    engine: Arc<Engine>,
    begun: Receiver<(String, f32)>,
    go: Sender<()>,
}

impl Gated {
    fn new(workers: usize) -> Self {
        Self::with(&EngineConfig {
            workers,
            ..EngineConfig::default()
        })
    }

    fn with(config: &EngineConfig) -> Self {
        let ((begun_tx, begun), (go, go_rx)) = (channel(), channel());
        let provider = Gate {
            begun: begun_tx,
            go: Arc::new(Mutex::new(go_rx)),
        };
        Self {
            engine: Engine::with_provider(config, provider).unwrap(),
            begun,
            go,
        }
    }

    fn submit(&self, mark: f32, patience: Patience) -> Lane {
        let mut lane = Lane::default();
        lane.parcel(Network::Detector).input[0] = mark;
        lane.submit(&self.engine, patience, Place::Beside);
        lane
    }

    fn let_go(&self) {
        self.go.send(()).unwrap();
    }

    fn begun(&self) -> (String, f32) {
        self.begun
            .recv_timeout(Duration::from_secs(20))
            .expect("a worker begins")
    }
}

fn in_seconds(s: u64) -> Patience {
    Patience::live(Duration::from_secs(s))
}

#[test]
fn waiting_jobs_are_done_by_deadline_not_by_arrival() {
    let g = Gated::new(1);
    let mut lanes = vec![g.submit(0.0, Patience::File)];
    assert_eq!(g.begun().1, 0.0);
    lanes.extend([(1.0, 300), (2.0, 100), (3.0, 200)].map(|(mark, s)| g.submit(mark, in_seconds(s))));
    assert_eq!(g.engine.stats().waiting, 3);
    for expected in [2.0, 3.0, 1.0] {
        g.let_go();
        assert_eq!(g.begun().1, expected);
    }
    g.let_go();
    for lane in &mut lanes {
        assert_eq!(lane.wait(&g.engine).unwrap(), Delivery::Done);
    }
    let stats = g.engine.stats();
    assert_eq!(
        (stats.runs, stats.waiting, stats.idle, stats.workers),
        (4, 0, 1, 1)
    );
}

#[test]
fn a_job_that_may_wait_longer_has_its_turn_no_later() {
    let g = Gated::new(1);
    let mut first = g.submit(0.0, Patience::File);
    assert_eq!(g.begun().1, 0.0);
    let mut patient = g.submit(1.0, in_seconds(100).at_least(Duration::from_secs(300)));
    let mut usual = g.submit(2.0, in_seconds(200));
    for expected in [1.0, 2.0] {
        g.let_go();
        assert_eq!(g.begun().1, expected);
    }
    g.let_go();
    for lane in [&mut first, &mut patient, &mut usual] {
        assert_eq!(lane.wait(&g.engine).unwrap(), Delivery::Done);
    }
}

#[test]
fn a_live_frame_nobody_began_in_time_comes_back_and_its_lane_can_be_used_again() {
    let g = Gated::new(1);
    let mut first = g.submit(0.0, Patience::File);
    g.begun();
    let mut late = g.submit(1.0, Patience::live(Duration::ZERO));
    assert_eq!(late.wait(&g.engine).unwrap(), Delivery::TooLate);
    assert_eq!(g.engine.stats().waiting, 0);
    g.let_go();
    assert_eq!(first.wait(&g.engine).unwrap(), Delivery::Done);
    late.parcel(Network::Detector).input[0] = 2.0;
    late.submit(&g.engine, Patience::File, Place::Beside);
    assert_eq!(g.begun().1, 2.0);
    g.let_go();
    assert_eq!(late.wait(&g.engine).unwrap(), Delivery::Done);
}

#[test]
fn a_live_frame_that_was_begun_in_time_is_waited_for() {
    let g = Gated::new(1);
    let mut lane = g.submit(0.0, Patience::live(Duration::from_millis(200)));
    g.begun();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| lane.wait(&g.engine));
        g.let_go();
        assert_eq!(waiting.join().unwrap().unwrap(), Delivery::Done);
    });
}

#[test]
fn one_stream_keeps_one_set_of_sessions_warm_wherever_it_runs() {
    struct Numbered(Arc<Mutex<u32>>);
    impl Provider for Numbered {
        fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
            *self.0.lock().unwrap() += 1;
            Ok(Box::new(Moody))
        }
    }
    let made = Arc::new(Mutex::new(0));
    let config = EngineConfig {
        workers: 3,
        ..EngineConfig::default()
    };
    let engine = Engine::with_provider(&config, Numbered(made.clone())).unwrap();
    let mut lane = Lane::default();
    for i in 0..40 {
        lane.parcel(Network::Detector);
        lane.submit(
            &engine,
            Patience::File,
            if i % 2 == 0 { Place::Beside } else { Place::Here },
        );
        lane.wait(&engine).unwrap();
    }
    assert_eq!(*made.lock().unwrap(), 1);
}

#[test]
fn a_stream_runs_its_own_job_unless_every_seat_is_taken() {
    let g = Gated::new(1);
    let stream = |name: &str, mark: f32| {
        let engine = g.engine.clone();
        let thread = std::thread::Builder::new().name(name.into());
        let run = move || {
            let mut lane = Lane::default();
            lane.parcel(Network::Detector).input[0] = mark;
            lane.submit(&engine, Patience::File, Place::Here);
            lane.wait(&engine)
        };
        thread.spawn(run).unwrap()
    };
    let first = stream("first stream", 1.0);
    assert_eq!(g.begun(), ("first stream".into(), 1.0));
    let second = stream("second stream", 2.0);
    while g.engine.stats().waiting == 0 {
        std::thread::yield_now();
    }
    g.let_go();
    assert_eq!(g.begun(), ("kinemotion-w0".into(), 2.0));
    g.let_go();
    assert_eq!(first.join().unwrap().unwrap(), Delivery::Done);
    assert_eq!(second.join().unwrap().unwrap(), Delivery::Done);
}

#[test]
fn live_jobs_go_to_worker_threads_where_asked_for_and_files_do_not() {
    let mut config = EngineConfig {
        workers: 1,
        ..EngineConfig::default()
    };
    for live_on_workers in [false, true] {
        config.live_on_workers = live_on_workers;
        let g = Gated::with(&config);
        let run = |patience| {
            let mut lane = Lane::default();
            lane.parcel(Network::Detector);
            lane.submit(&g.engine, patience, Place::Here);
            g.let_go();
            lane.wait(&g.engine).unwrap();
            g.begun().0 == "kinemotion-w0"
        };
        assert_eq!(run(in_seconds(100)), live_on_workers);
        assert!(!run(Patience::File));
    }
}

#[test]
fn worker_threads_are_nice_and_say_so_when_they_may_not_be() {
    struct Niceness(Sender<i32>);
    impl Provider for Niceness {
        fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
            let present = rustix::process::getpriority_process(None).expect("Linux tells");
            self.0.send(present).expect("the test listens");
            Ok(Box::new(Moody))
        }
    }
    let niceness = |nice| {
        let (told, tells) = channel();
        let config = EngineConfig {
            nice,
            workers: 1,
            ..EngineConfig::default()
        };
        let engine = Engine::with_provider(&config, Niceness(told)).unwrap();
        let mut lane = Lane::default();
        lane.parcel(Network::Detector);
        lane.submit(&engine, Patience::File, Place::Beside);
        lane.wait(&engine).unwrap();
        (tells.recv().unwrap(), engine.notices())
    };
    assert_eq!(niceness(19), (19, Vec::new()));
    let (_, notices) = niceness(100);
    assert!(notices.len() == 1 && notices[0].contains("100"), "{notices:?}");
}

#[test]
fn two_streams_run_at_the_same_time() {
    let g = Gated::new(2);
    let mut lanes = [g.submit(1.0, Patience::File), g.submit(2.0, Patience::File)];
    assert_ne!(
        g.begun().0,
        g.begun().0,
        "both have begun before either was let go"
    );
    g.let_go();
    g.let_go();
    for lane in &mut lanes {
        assert_eq!(lane.wait(&g.engine).unwrap(), Delivery::Done);
    }
}

/// Does what its input says: 1 panics, 2 fails, 3 delivers nothing, 4 a wrong shape, else nobody.
struct Moody;

impl Provider for Moody {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        Ok(Box::new(Moody))
    }
}

impl Runner for Moody {
    fn run(
        &mut self,
        network: Network,
        input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError> {
        match input[0] as i32 {
            1 => panic!("as asked"),
            2 => return Err(EngineError::Inference("as asked".into())),
            3 => {}
            4 => sink(Outputs::Detector {
                boxes: &[1.0],
                logits: &[2.0, 3.0],
            }),
            _ => deliver_nobody(network, sink),
        }
        Ok(())
    }
}

#[test]
fn whatever_a_runner_does_the_worker_lives_on() {
    let config = EngineConfig {
        workers: 1,
        ..EngineConfig::default()
    };
    let engine = Engine::with_provider(&config, Moody).unwrap();
    let mut lane = Lane::default();
    let mut run = |mood: f32| {
        lane.parcel(Network::Detector).input[0] = mood;
        lane.submit(&engine, Patience::File, Place::Here);
        lane.wait(&engine).map_err(|error| error.to_string())
    };
    assert!(run(1.0).unwrap_err().contains("panicked"));
    assert_eq!(run(2.0).unwrap_err(), "inference failed: as asked");
    assert!(run(3.0).unwrap_err().contains("no outputs"));
    assert!(run(4.0).unwrap_err().contains("another size"));
    assert_eq!(run(0.0), Ok(Delivery::Done));
}

#[test]
fn a_provider_that_fails_is_asked_again() {
    struct Late(Mutex<u32>);
    impl Provider for Late {
        fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
            let mut asked = self.0.lock().unwrap();
            *asked += 1;
            let missing = EngineError::Model {
                file: "x.onnx".into(),
                reason: "missing".into(),
            };
            if *asked == 1 {
                Err(missing)
            } else {
                Ok(Box::new(Moody))
            }
        }
    }
    let config = EngineConfig {
        workers: 1,
        ..EngineConfig::default()
    };
    let engine = Engine::with_provider(&config, Late(Mutex::new(0))).unwrap();
    let mut lane = Lane::default();
    let mut run = || {
        lane.parcel(Network::Detector);
        lane.submit(&engine, Patience::File, Place::Here);
        lane.wait(&engine)
    };
    assert_eq!(run().unwrap_err().to_string(), "model x.onnx: missing");
    assert_eq!(run().unwrap(), Delivery::Done);
}

#[test]
fn a_runtime_that_is_not_there_is_an_error_that_names_it() {
    let config = EngineConfig {
        runtime: Some("/nowhere/libonnxruntime.so".into()),
        ..EngineConfig::default()
    };
    let error = Engine::shared(&config).err().unwrap().to_string();
    assert!(error.contains("/nowhere/libonnxruntime.so"), "{error}");
}

#[test]
fn a_file_that_is_no_runtime_is_an_error_that_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("not-a-library.so");
    std::fs::write(&file, "hello").unwrap();
    let config = EngineConfig {
        runtime: Some(file),
        ..EngineConfig::default()
    };
    let error = Engine::shared(&config).err().unwrap().to_string();
    assert!(
        error.contains("not-a-library.so") && error.contains("kinemotion models pull"),
        "{error}"
    );
}
