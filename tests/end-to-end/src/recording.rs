//! What the pose stage saw of a clip, kept in a file: the science can then be measured again in milliseconds, while
//! rendering, decoding and pose estimation take many seconds.

use crate::matrix::Case;
use anyhow::{Context, Result};
#[cfg(feature = "record")]
use kinemotion_models::{Quality, TrackedPose};
use kinemotion_motion::body;
use kinemotion_motion::history::History;
use kinemotion_motion::view::Footing;
use kinemotion_motion::{
    AnalyzerConfig, Cohort, Event, EventKind, LANDMARK_COUNT, Landmark, MovementChoice, Picture,
    PictureShift, Pose, Repetition, Seen, WorldPoint,
};
#[cfg(feature = "record")]
use kinemotion_pipelines::{AnalysisSpec, analyze_file};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use synthetic_athlete::Footage;
#[cfg(feature = "record")]
use synthetic_athlete::video;

/// State of the code that sees what is in a picture.
const POSE_STAGE: &str = env!("POSE_STAGE");

/// Every so many frames the body of a clip is looked at for its digest.
const DIGEST_STRIDE: usize = 7;

/// Names what a recording was made of: the code that sees, and the posed body in the pictures.
fn digest(footage: &Footage) -> String {
    let mut hasher = DefaultHasher::new();
    footage.frame_count().hash(&mut hasher);
    for i in (0..footage.frame_count()).step_by(DIGEST_STRIDE) {
        for coordinate in footage.landmarks(i).iter().flatten() {
            coordinate.to_bits().hash(&mut hasher);
        }
    }
    format!("{POSE_STAGE}-{:016x}", hasher.finish())
}

/// One person in one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Person {
    id: u32,
    landmarks: Vec<Landmark>,
    world: Vec<WorldPoint>,
}

#[cfg(feature = "record")]
impl From<&TrackedPose> for Person {
    fn from(tracked: &TrackedPose) -> Self {
        Self {
            id: tracked.id,
            landmarks: tracked.pose.landmarks.to_vec(),
            world: tracked.pose.world.to_vec(),
        }
    }
}

impl Person {
    fn pose(&self) -> Option<Pose> {
        Some(Pose {
            landmarks: <[Landmark; LANDMARK_COUNT]>::try_from(&self.landmarks[..]).ok()?,
            world: <[WorldPoint; LANDMARK_COUNT]>::try_from(&self.world[..]).ok()?,
            score: 1.0,
            ..Pose::default()
        })
    }
}

/// Everybody in one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Frame {
    t: f64,
    people: Vec<Person>,
    shift: Option<PictureShift>,
}

/// A clip as the pose stage saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The clip.
    pub case: Case,
    frames: Vec<Frame>,
    /// What it was made of.
    digest: String,
}

impl Recording {
    /// Renders, encodes and decodes a clip in `folder`, which is left as it was, and records the poses as a user's
    /// analysis with default settings sees them.
    #[cfg(feature = "record")]
    pub fn make(case: &Case, quality: Quality, folder: &Path) -> Result<Self> {
        let footage = case.clip.build().with_context(|| case.name.clone())?;
        let file = folder.join(format!("{}.mp4", case.name));
        let options = video::EncodeOptions {
            crf: case.crf,
            ..Default::default()
        };
        video::write(&footage, &file, &options, |_, _| {})?;
        let spec = AnalysisSpec {
            quality,
            keep_poses: true,
            ..AnalysisSpec::new(&file)
        };
        let analysis = analyze_file(&spec, &mut |_| {}).with_context(|| case.name.clone());
        std::fs::remove_file(&file)?;
        let frames = analysis?
            .poses
            .iter()
            .map(|frame| Frame {
                t: frame.time_s,
                people: frame.persons.iter().map(Person::from).collect(),
                shift: frame.picture.shift,
            })
            .collect();
        Ok(Self {
            case: case.clone(),
            frames,
            digest: digest(&footage),
        })
    }

    /// What a pose stage without any error would see: the athlete's true landmarks, all of them visible.
    pub fn perfect(case: &Case) -> Result<Self> {
        let footage = case.clip.build().with_context(|| case.name.clone())?;
        let landmark = |&[x, y, z]: &[f64; 3]| Landmark {
            x: x as f32,
            y: y as f32,
            z: z as f32,
            visibility: 0.97,
            presence: 0.99,
        };
        let frames = (0..footage.frame_count()).map(|i| Frame {
            t: footage.time(i),
            people: vec![Person {
                id: 0,
                landmarks: footage.landmarks(i).iter().map(landmark).collect(),
                world: vec![WorldPoint::default(); LANDMARK_COUNT],
            }],
            shift: None,
        });
        Ok(Self {
            case: case.clone(),
            frames: frames.collect(),
            digest: digest(&footage),
        })
    }

    /// The poses of the person seen in most frames, with their times.
    pub fn main_person(&self) -> Vec<(f64, Pose)> {
        let mut seen = std::collections::BTreeMap::<u32, usize>::new();
        for person in self.frames.iter().flat_map(|f| &f.people) {
            *seen.entry(person.id).or_default() += 1;
        }
        let id = seen
            .iter()
            .max_by_key(|(id, n)| (**n, std::cmp::Reverse(**id)))
            .map(|(id, _)| *id);
        self.frames
            .iter()
            .filter_map(|f| Some((f.t, f.people.iter().find(|p| Some(p.id) == id)?.pose()?)))
            .collect()
    }

    /// The recording of a case at the default quality kept in `folder`, or a new one, which is then kept there. Without a
    /// folder nothing is kept.
    #[cfg(feature = "record")]
    pub fn kept_or_made(case: &Case, folder: Option<&Path>) -> Result<Self> {
        if let Some(kept) = folder.and_then(|folder| Self::load(case, folder)) {
            return Ok(kept);
        }
        let scratch = tempfile::tempdir()?;
        let made = Self::make(case, Quality::Balanced, scratch.path())?;
        if let Some(folder) = folder {
            made.store(folder)?;
        }
        Ok(made)
    }

    /// The recording of a case kept in `folder`; this build cannot make one.
    #[cfg(not(feature = "record"))]
    pub fn kept_or_made(case: &Case, folder: Option<&Path>) -> Result<Self> {
        folder
            .and_then(|folder| Self::load(case, folder))
            .with_context(|| {
                format!(
                    "{} is not recorded; the feature `record` is needed to make it",
                    case.name
                )
            })
    }

    /// The recording of a case kept in `folder`; `None` when there is none or it is of another case or made by other
    /// code.
    pub fn load(case: &Case, folder: &Path) -> Option<Self> {
        let bytes = std::fs::read(Self::path(case, folder)).ok()?;
        // The case is compared as bytes, without being read back: equal bytes are the same clip.
        let described = postcard::to_stdvec(case).ok()?;
        let seen = bytes.strip_prefix(&described[..])?;
        let (frames, made_of): (Vec<Frame>, String) = postcard::from_bytes(seen).ok()?;
        let digest = digest(&case.clip.build().ok()?);
        (made_of == digest).then(|| Self {
            case: case.clone(),
            frames,
            digest,
        })
    }

    /// Keeps the recording in `folder`.
    pub fn store(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let path = Self::path(&self.case, folder);
        let partial = path.with_extension("part");
        std::fs::write(&partial, postcard::to_stdvec(self)?)?;
        std::fs::rename(&partial, &path).with_context(|| path.display().to_string())
    }

    fn path(case: &Case, folder: &Path) -> std::path::PathBuf {
        folder.join(format!("{}.poses", case.name))
    }

    /// What the analyzers make of it, every person with a clock of their own as in a pipeline.
    pub fn replay(&self, movement: MovementChoice) -> Vec<Event> {
        let mut cohort = Cohort::new(AnalyzerConfig {
            movement,
            athlete: self.case.athlete(),
            ..AnalyzerConfig::default()
        });
        let mut events = Vec::new();
        for frame in &self.frames {
            let poses: Vec<(u32, Pose)> = frame
                .people
                .iter()
                .filter_map(|p| Some((p.id, p.pose()?)))
                .collect();
            let seen: Vec<Seen<'_>> = poses
                .iter()
                .map(|(person, pose)| Seen {
                    person: *person,
                    pose,
                    wanted: true,
                })
                .collect();
            cohort.push_in(frame.t, &self.picture(frame), &seen, &mut events);
        }
        cohort.finish(&mut events);
        events
    }

    /// What is known about the picture of a frame.
    fn picture(&self, frame: &Frame) -> Picture {
        let camera = &self.case.clip.camera;
        Picture {
            size: Some([camera.width as f32, camera.height as f32]),
            shift: frame.shift,
            degraded: false,
        }
    }

    /// Track ids of everybody seen.
    pub fn people(&self) -> BTreeSet<u32> {
        self.frames.iter().flat_map(|f| &f.people).map(|p| p.id).collect()
    }

    /// The frames of one person as the science sees them, up to `until` seconds.
    pub fn history(&self, person: u32, until: f64) -> History {
        let (mut history, mut footing) = (History::default(), Footing::default());
        for frame in self.frames.iter().take_while(|frame| frame.t <= until) {
            let pose = frame
                .people
                .iter()
                .find(|p| p.id == person)
                .and_then(Person::pose);
            let picture = self.picture(frame);
            if let Some(mut seen) = pose.and_then(|pose| body::Frame::seen_in(frame.t, &picture, &pose)) {
                footing.settle(&mut seen, &picture);
                history.push(seen);
            }
        }
        history
    }

    /// The repetitions found, in order.
    pub fn repetitions(&self, movement: MovementChoice) -> Vec<Arc<Repetition>> {
        let found = self.replay(movement).into_iter().filter_map(|e| match e.kind {
            EventKind::Repetition(repetition) => Some(repetition),
            _ => None,
        });
        found.collect()
    }
}
