//! Inputs of several streams, run together.

use super::*;
use crate::Quality;
use crate::landmarks::{HEATMAP_SIDE, LandmarkTensors, POINT_COUNT, POINT_VALUES, WORLD_VALUES};

const NETWORK: Network = Network::Landmarker(Quality::Fast);
/// An input that spoils whatever it is run with.
const POISON: f32 = -1.0;
const LONG: Duration = Duration::from_secs(3600);

/// Reports the marks of each batch and waits for permission; the presence of an answer is the mark of its input.
#[derive(Clone)]
struct Together {
    batch: usize,
    begun: Sender<(Network, Vec<f32>)>,
    go: Arc<Mutex<Receiver<()>>>,
    made: Arc<Mutex<u32>>,
}

impl Provider for Together {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        *self.made.lock().unwrap() += 1;
        Ok(Box::new(self.clone()))
    }

    fn batch(&self) -> usize {
        self.batch
    }
}

impl Runner for Together {
    fn run(&mut self, _: Network, _: &[f32], _: &mut dyn FnMut(Outputs<'_>)) -> Result<(), EngineError> {
        unreachable!("the engine runs batches, if only of one")
    }

    fn run_batch(
        &mut self,
        network: Network,
        inputs: &[Vec<f32>],
        sink: &mut dyn FnMut(usize, Outputs<'_>),
    ) -> Result<(), EngineError> {
        let marks: Vec<f32> = inputs.iter().map(|input| input[0]).collect();
        self.begun
            .send((network, marks.clone()))
            .expect("the test listens");
        self.go.lock().unwrap().recv().expect("the test lets go");
        // What is delivered before a failure must not count.
        for (index, mark) in marks.iter().enumerate().rev() {
            match network {
                Network::Detector => deliver_nobody(network, &mut |outputs| sink(index, outputs)),
                Network::Landmarker(_) => deliver(*mark, &mut |outputs| sink(index, outputs)),
            }
        }
        if marks.contains(&POISON) {
            return Err(EngineError::Inference("poisoned".into()));
        }
        Ok(())
    }
}

fn deliver(presence: f32, sink: &mut dyn FnMut(Outputs<'_>)) {
    sink(Outputs::Landmarks(LandmarkTensors {
        landmarks: &[0.0; POINT_COUNT * POINT_VALUES],
        presence,
        heatmap: &vec![-9.0; POINT_COUNT * HEATMAP_SIDE * HEATMAP_SIDE],
        world: &[0.0; POINT_COUNT * WORLD_VALUES],
    }));
}

struct Batching {
    engine: Arc<Engine>,
    begun: Receiver<(Network, Vec<f32>)>,
    go: Sender<()>,
    made: Arc<Mutex<u32>>,
}

impl Batching {
    fn new(batch: usize, batch_delay: Duration) -> Self {
        let ((begun_tx, begun), (go, go_rx)) = (channel(), channel());
        let made = Arc::default();
        let provider = Together {
            batch,
            begun: begun_tx,
            go: Arc::new(Mutex::new(go_rx)),
            made: Arc::clone(&made),
        };
        let config = EngineConfig {
            workers: 1,
            batch_delay,
            ..EngineConfig::default()
        };
        Self {
            engine: Engine::with_provider(&config, provider).unwrap(),
            begun,
            go,
            made,
        }
    }

    fn submit(&self, lane: &mut Lane, network: Network, mark: f32, patience: Patience) {
        lane.parcel(network).input[0] = mark;
        lane.submit(&self.engine, patience, Place::Beside);
    }

    /// A stream with its first frame under way.
    fn stream(&self, mark: f32, patience: Patience) -> Lane {
        let mut lane = Lane::default();
        self.submit(&mut lane, NETWORK, mark, patience);
        lane
    }

    /// The batch that begins next and is let go.
    fn next(&self) -> Vec<f32> {
        let (_, marks) = self.begun();
        self.let_go();
        marks
    }

    fn begun(&self) -> (Network, Vec<f32>) {
        let begun = self.begun.recv_timeout(Duration::from_secs(20));
        begun.expect("a worker begins")
    }

    fn let_go(&self) {
        self.go.send(()).unwrap();
    }

    fn presence(&self, lane: &mut Lane) -> f32 {
        assert_eq!(lane.wait(&self.engine).unwrap(), Delivery::Done);
        lane.delivered().landmarks.score
    }
}

#[test]
fn each_of_the_streams_in_a_batch_gets_its_own_result_frame_after_frame() {
    const STREAMS: usize = 6;
    let b = Batching::new(STREAMS, LONG);
    let mut lanes: Vec<Lane> = (0..STREAMS).map(|_| Lane::default()).collect();
    for frame in 0..4 {
        let mark = |stream: usize| (10 * frame + stream) as f32;
        for (stream, lane) in lanes.iter_mut().enumerate() {
            // The deadlines are the other way round.
            let patience = Patience::live(LONG * (10 - stream as u32));
            b.submit(lane, NETWORK, mark(stream), patience);
        }
        let expected: Vec<f32> = (0..STREAMS).rev().map(mark).collect();
        assert_eq!(b.next(), expected, "one batch, the earliest deadline first");
        for (stream, lane) in lanes.iter_mut().enumerate() {
            assert_eq!(b.presence(lane), mark(stream));
        }
    }
    let stats = b.engine.stats();
    assert_eq!((stats.runs, stats.batches), (4 * STREAMS as u64, 4));
}

#[test]
fn without_a_delay_a_batch_is_what_waits_when_a_worker_is_free() {
    let b = Batching::new(3, Duration::ZERO);
    let mut lanes = vec![b.stream(0.0, Patience::File)];
    let (_, alone) = b.begun();
    assert_eq!(alone, [0.0]);
    lanes.extend(
        [(1.0, 400), (2.0, 100), (3.0, 300), (4.0, 200)].map(|(mark, s)| b.stream(mark, in_seconds(s))),
    );
    b.let_go();
    assert_eq!(b.next(), [2.0, 4.0, 3.0]);
    assert_eq!(b.next(), [1.0]);
    for (lane, mark) in lanes.iter_mut().zip([0.0, 1.0, 2.0, 3.0, 4.0]) {
        assert_eq!(b.presence(lane), mark);
    }
}

#[test]
fn a_batch_is_of_one_network() {
    let b = Batching::new(4, Duration::ZERO);
    let mut lanes: Vec<Lane> = (0..5).map(|_| Lane::default()).collect();
    b.submit(&mut lanes[0], NETWORK, 0.0, Patience::File);
    b.begun();
    for (i, lane) in lanes.iter_mut().enumerate().skip(1) {
        let network = if i % 2 == 0 { NETWORK } else { Network::Detector };
        b.submit(lane, network, i as f32, in_seconds(100 * i as u64));
    }
    b.let_go();
    assert_eq!(b.begun(), (Network::Detector, vec![1.0, 3.0]));
    b.let_go();
    assert_eq!(b.begun(), (NETWORK, vec![2.0, 4.0]));
    b.let_go();
    for lane in &mut lanes {
        assert_eq!(lane.wait(&b.engine).unwrap(), Delivery::Done);
    }
}

#[test]
fn a_batch_that_is_not_full_is_held_until_it_is() {
    let b = Batching::new(2, LONG);
    let mut first = b.stream(1.0, in_seconds(3 * 3600));
    assert_eq!(b.engine.stats().waiting, 1);
    let mut second = b.stream(2.0, in_seconds(3 * 3600));
    assert_eq!(b.next(), [1.0, 2.0]);
    assert_eq!((b.presence(&mut first), b.presence(&mut second)), (1.0, 2.0));
}

#[test]
fn a_job_that_is_alone_is_run_when_the_delay_is_over_and_before_its_own_deadline() {
    let b = Batching::new(2, Duration::from_millis(20));
    let mut patient = b.stream(1.0, in_seconds(3600));
    assert_eq!(b.next(), [1.0], "nobody comes, the delay ends");
    assert_eq!(b.presence(&mut patient), 1.0);

    let b = Batching::new(2, LONG);
    let mut hurried = b.stream(2.0, Patience::live(Duration::from_secs(2)));
    assert_eq!(b.next(), [2.0], "nobody comes, the deadline does");
    assert_eq!(b.presence(&mut hurried), 2.0);
}

#[test]
fn a_job_is_held_back_for_the_delay_or_half_of_its_patience() {
    let held = |delay: u64, patience: u64| {
        let before = Instant::now();
        let deadline = before + Duration::from_secs(patience);
        let job = job::Job::new(Box::new(parcel::Parcel::new(NETWORK)), deadline, Arc::default());
        let held = job.held_until(Duration::from_secs(delay)) - before;
        held.as_secs_f64().round() as u64
    };
    assert_eq!(held(100, 1000), 100);
    assert_eq!(held(100, 60), 30);
    assert_eq!(held(0, 60), 0);
}

#[test]
fn a_job_that_spoils_its_batch_fails_alone_and_the_next_batch_has_a_new_runner() {
    let b = Batching::new(3, LONG);
    let mut lanes = [1.0, POISON, 3.0].map(|mark| b.stream(mark, in_seconds(3 * 3600)));
    assert_eq!(b.next(), [1.0, POISON, 3.0]);
    // Each again by itself, wherever the poison was.
    assert_eq!([b.next(), b.next(), b.next()], [[1.0], [POISON], [3.0]]);
    assert_eq!(b.presence(&mut lanes[0]), 1.0);
    assert_eq!(b.presence(&mut lanes[2]), 3.0);
    let error = lanes[1].wait(&b.engine).unwrap_err();
    assert_eq!(error.to_string(), "inference failed: poisoned");
    let stats = b.engine.stats();
    assert_eq!((stats.runs, stats.batches, stats.idle), (2, 2, 1));
    assert_eq!(
        *b.made.lock().unwrap(),
        3,
        "one for the batch, one after it, one after the poison"
    );
}

#[test]
fn an_engine_that_stops_gives_held_jobs_back() {
    let b = Batching::new(2, LONG);
    let mut lane = b.stream(1.0, in_seconds(3600));
    b.engine.schedule.stop();
    let error = lane.wait(&b.engine).unwrap_err();
    assert!(matches!(error, EngineError::Stopped), "{error}");
}
