//! Who is who from frame to frame.
//!
//! A track follows one person by their last landmarks. It ends when the landmark model sees nobody, when the person
//! would have to move faster than people do (then the crop has caught somebody else), or when an older track follows the
//! same person. The detector looks for new people whenever there is room (see `looks`). Somebody found near to where a track ended
//! a moment ago, or where somebody who was hidden by another must be by now, gets the id back; otherwise ids are never reused.

mod crossing;
mod legs;
mod looks;
mod selection;
mod smoothing;
mod track;

use crossing::Crossing;
use looks::Looks;
pub(crate) use selection::{Person, Selector};
use track::Course;
pub(crate) use track::{Track, bounds};

use crate::detector::Part;
use crate::landmarks::Measured;
use crate::shirt::Shirt;
use crate::{Detection, PersonSelection, Region};

/// People followed at most.
pub(crate) const MAX_PERSONS: usize = 16;
/// After a longer gap between frames nobody is where they were, seconds.
const MAX_GAP_S: f64 = 1.0;
/// Somebody found again within this time keeps the id, seconds.
const RETURN_S: f64 = selection::RETURN_S;
/// …if the region is no farther from where it was expected than [`JUMP`] plus this per second since the person was last
/// seen, in regions (a region is about 1.25 body heights): a change of speed by 1.7 m/s…
const RETURN_PER_S: f32 = 0.8;
/// …and never farther than this, in regions…
const RETURN_REACH: f32 = 0.5;
/// …nor larger or smaller by more than this factor.
const RETURN_RESIZE: f32 = 1.5;
/// Largest plausible deviation of a region from where it was expected, in regions: well above landmark noise, half the
/// distance of two people side by side.
const JUMP: f32 = 0.15;
/// …plus this per second since the last measurement, for changes of speed: a sprinter's 4.5 m/s in one second or a step
/// of the camera.
const JUMP_PER_S: f32 = 2.0;
/// Largest plausible change of a region's size between two measurements, as a factor.
const RESIZE: f32 = 2.0;
/// A detection so near to a track is that person, in regions. Shoulder to shoulder people are at least 0.2 apart.
const SAME_DETECTION: f32 = 0.12;
/// So long a track waits while its crop shows somebody else who is followed too, seconds. A crop that waits lags behind.
const SLIDE_S: f64 = 0.2;
/// Two tracks whose joints lie so near follow one person, in regions.
const SAME_POSE: f32 = 0.06;
/// With room for one person and a preference, detections this much less certain than the best one still count.
const SCORE_MARGIN: f32 = 0.15;

/// What the landmark model said about a track. Large, but it lives for a moment only and a box would allocate.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Sight {
    /// A person.
    Person(Measured),
    /// Nobody, or nonsense.
    Nobody,
    /// Nobody looked: no worker was free in time.
    Skipped,
}

/// A person to look at for the first time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub region: Region,
    /// The id of the lost track that is continued.
    returning: Option<u32>,
}

/// A track that ended a moment ago.
#[derive(Clone, Copy, Debug)]
struct Lost {
    id: u32,
    course: Course,
}

impl Lost {
    /// Distance of a newly found region from where this person is expected at `t`, if it can be the same person.
    fn distance(&self, region: &Region, t: f64) -> Option<f32> {
        let expected = self.course.at(t);
        let reach = (JUMP + RETURN_PER_S * (t - self.course.t).abs() as f32).min(RETURN_REACH);
        let distance = region.distance(&expected);
        (distance <= reach && resize(region, &expected) <= RETURN_RESIZE).then_some(distance)
    }
}

/// The people of one stream.
pub(crate) struct Tracker {
    tracks: Vec<Track>,
    lost: Vec<Lost>,
    crossings: Vec<Crossing>,
    candidates: Vec<Candidate>,
    next_id: u32,
    size: (usize, usize),
    last_t: Option<f64>,
    looks: Looks,
    /// Since when nobody is followed, media time.
    empty_since: Option<f64>,
    /// Somebody jumped in this frame: look again at once.
    alarmed: bool,
}

impl Tracker {
    pub fn new() -> Self {
        Self {
            tracks: Vec::with_capacity(MAX_PERSONS),
            lost: Vec::with_capacity(MAX_PERSONS),
            crossings: Vec::with_capacity(MAX_PERSONS),
            candidates: Vec::with_capacity(MAX_PERSONS),
            next_id: 0,
            size: (0, 0),
            last_t: None,
            looks: Looks::default(),
            empty_since: None,
            alarmed: false,
        }
    }

    /// The followed people, oldest id first.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Forgets everybody.
    pub fn clear(&mut self) {
        self.tracks.clear();
        self.lost.clear();
        self.crossings.clear();
        self.looks = Looks::default();
        (self.last_t, self.empty_since) = (None, None);
    }

    /// Follows at most so many people from now on, the oldest ids.
    pub fn limit(&mut self, max_persons: usize) {
        self.tracks.truncate(max_persons);
    }

    /// Begins a frame. A picture of another size and a jump in time end every track.
    pub fn begin(&mut self, size: (usize, usize), t: f64) {
        let jumped = self
            .last_t
            .is_some_and(|last| !(-MAX_GAP_S..=MAX_GAP_S).contains(&(t - last)));
        if jumped || size != self.size {
            self.clear();
        }
        (self.size, self.last_t, self.alarmed) = (size, Some(t), false);
        self.lost.retain(|lost| (t - lost.course.t).abs() <= RETURN_S);
        self.crossings.retain(|crossing| !crossing.is_over(t));
        self.looks.count_frame();
        self.empty_since = self.tracks.is_empty().then(|| self.empty_since.unwrap_or(t));
    }

    /// For how long the person who was not seen for longest has not been seen, seconds; for ever where nobody is followed.
    pub fn unseen_s(&self, t: f64) -> f64 {
        let unseen = self.tracks.iter().map(|track| t - track.t);
        unseen.reduce(f64::max).unwrap_or(f64::INFINITY)
    }

    /// The part of this frame the detector should look at, if any. Where one person is wanted, that is the whole: the largest
    /// or nearest to the centre of all is to be chosen. A live picture that has been empty for a while is not looked at in every
    /// frame.
    pub fn wants_detection(&self, t: f64, max_persons: usize, live: bool) -> Option<Part> {
        if live && self.looks.is_too_soon(t, self.empty_since) {
            return None;
        }
        let room = self.tracks.len() < max_persons;
        let due = || self.looks.is_due(t, self.is_somebody_hidden());
        if !room || !(self.tracks.is_empty() || self.alarmed || due()) {
            return None;
        }
        Some(if max_persons == 1 {
            Part::Whole
        } else {
            self.looks.part()
        })
    }

    /// The detector has looked at a part of the frame at `t`.
    pub fn note_look(&mut self, part: Part, t: f64) {
        self.looks.note(part, t);
    }

    /// Whether a track has just ended with a jump, so that the detector should look before the frame is over.
    pub fn is_alarmed(&self) -> bool {
        self.alarmed
    }

    /// Takes what was seen of track `index`. False when the track has ended; the tracks behind it have then moved up.
    pub fn observe(&mut self, index: usize, sight: Sight, t: f64, smooth: bool) -> bool {
        if let Sight::Person(measured) = &sight
            && self.shows_somebody_followed(index, measured)
            && t - self.tracks[index].t < SLIDE_S
        {
            return true;
        }
        let apart = !self.is_meeting(self.tracks[index].id);
        let track = &mut self.tracks[index];
        let course = track.course();
        match sight {
            Sight::Skipped => return true,
            Sight::Nobody => {}
            Sight::Person(measured) => {
                let now = Region::from_points(measured.auxiliary[0], measured.auxiliary[1]);
                let usable = now.is_usable(self.size.0, self.size.1);
                if usable && is_plausible(&course, &now, t) {
                    track.update(&measured, t, smooth, apart);
                    return true;
                }
                self.alarmed |= usable;
            }
        }
        self.lose(index);
        false
    }

    /// Whether somebody is near enough to be mistaken for this one.
    fn is_meeting(&self, id: u32) -> bool {
        self.crossings.iter().any(|crossing| crossing.place(id).is_some())
    }

    /// Whether what was measured on track `index` wears the shirt of somebody near who is followed on a track of their own.
    fn shows_somebody_followed(&self, index: usize, measured: &Measured) -> bool {
        let id = self.tracks[index].id;
        self.crossings.iter().any(|crossing| {
            crossing.place(id).is_some_and(|one| {
                let other = crossing.pair[1 - one].id;
                self.place(other).is_some() && crossing.is_others(one, measured.shirt)
            })
        })
    }

    fn place(&self, id: u32) -> Option<usize> {
        self.tracks.iter().position(|track| track.id == id)
    }

    /// Whether one of two who met is no longer followed.
    fn is_somebody_hidden(&self) -> bool {
        let followed = |crossing: &Crossing| {
            let pair = crossing.pair.iter();
            pair.filter(|before| self.place(before.id).is_some()).count()
        };
        self.crossings.iter().any(|crossing| followed(crossing) == 1)
    }

    /// Remembers who meets, as they were just before, and forgets who has parted.
    pub fn note_crossings(&mut self, t: f64) {
        for (i, a) in self.tracks.iter().enumerate() {
            for b in &self.tracks[i + 1..] {
                let known = self.crossings.iter().position(|c| c.is_of(a.id, b.id));
                match (known, Crossing::between(a, b, t)) {
                    (None, Some(crossing)) if self.crossings.len() < MAX_PERSONS => {
                        self.crossings.push(crossing);
                    }
                    (Some(over), None) => drop(self.crossings.swap_remove(over)),
                    _ => {}
                }
            }
        }
    }

    /// A track that shows the shirt of somebody hidden has slid onto that person: it is theirs now, and whom it followed is
    /// hidden. Two tracks that show each other's shirts have exchanged their people.
    pub fn note_slides(&mut self) {
        for at in 0..self.crossings.len() {
            let crossing = self.crossings[at];
            let places = crossing.pair.map(|before| self.place(before.id));
            let slid = |one: usize| {
                let shirt = places[one].map(|place| self.tracks[place].shirt_now);
                shirt.is_none_or(|shirt| crossing.is_others(one, shirt))
            };
            if places != [None; 2] && slid(0) && slid(1) {
                self.exchange(&crossing, places);
            }
        }
    }

    /// Gives the two of a crossing each other's ids; `places` are those of their tracks, if they are followed.
    fn exchange(&mut self, crossing: &Crossing, places: [Option<usize>; 2]) {
        for (one, place) in places.into_iter().enumerate() {
            let (own, other) = (&crossing.pair[one], &crossing.pair[1 - one]);
            if let Some(place) = place {
                let track = &mut self.tracks[place];
                (track.id, track.shirt) = (other.id, other.shirt);
            } else if let Some(lost) = self.lost.iter_mut().find(|lost| lost.id == own.id) {
                lost.id = other.id;
            }
        }
        self.tracks.sort_unstable_by_key(|track| track.id);
    }

    /// The id of somebody found in `region` who was hidden; the one who hid them may turn out to be the other.
    fn identify(&mut self, region: &Region, shirt: Option<Shirt>, t: f64) -> Option<u32> {
        for at in 0..self.crossings.len() {
            let crossing = self.crossings[at];
            let [first, second] = crossing.pair.map(|before| self.place(before.id));
            let (left, place) = match (first, second) {
                (Some(place), None) => (0, place),
                (None, Some(place)) => (1, place),
                _ => continue,
            };
            let ids = {
                let track = &self.tracks[place];
                crossing.identify(left, (&track.region, track.shirt_now), (region, shirt), t)
            };
            if let Some([followed, found]) = ids {
                self.crossings.swap_remove(at);
                self.tracks[place].id = followed;
                self.lost.retain(|lost| lost.id != followed);
                self.tracks.sort_unstable_by_key(|track| track.id);
                return Some(found);
            }
        }
        None
    }

    /// Of two tracks that follow the same person, ends the one whose shirt it is not, or the younger.
    pub fn drop_duplicates(&mut self) {
        let mut younger = 1;
        while younger < self.tracks.len() {
            let track = &self.tracks[younger];
            match self.tracks[..younger]
                .iter()
                .position(|older| is_same(older, track))
            {
                Some(older) => self.lose(self.stranger(older, younger)),
                None => younger += 1,
            }
        }
    }

    /// Which of two tracks on one person is not theirs.
    fn stranger(&self, older: usize, younger: usize) -> usize {
        let [a, b] = [older, younger].map(|index| &self.tracks[index]);
        let crossing = self.crossings.iter().find(|crossing| crossing.is_of(a.id, b.id));
        let wearer = crossing.and_then(|crossing| Some(crossing.pair[crossing.wearer(b.shirt_now)?].id));
        if wearer == Some(b.id) { older } else { younger }
    }

    fn lose(&mut self, index: usize) {
        let track = self.tracks.remove(index);
        if self.lost.len() == MAX_PERSONS {
            self.lost.remove(0);
        }
        self.lost.push(Lost {
            id: track.id,
            course: track.course(),
        });
        self.looks.unsettle();
    }

    /// Chooses whom to look at among the detections, best first: people who return, then new ones, as many as there is
    /// room for.
    ///
    /// With room for one person only, `selection` decides between new people of about equal certainty: the largest or the
    /// one nearest to the centre. Otherwise the most certain ones are taken.
    pub fn admit(
        &mut self,
        detections: &[Detection],
        t: f64,
        max_persons: usize,
        selection: PersonSelection,
    ) -> &[Candidate] {
        self.candidates.clear();
        let room = max_persons.saturating_sub(self.tracks.len());
        self.admit_returning(detections, t, room);
        if max_persons == 1 && self.candidates.is_empty() && room == 1 {
            let best = self.preferred(detections, selection);
            self.candidates.extend(best.map(|region| Candidate {
                region,
                returning: None,
            }));
        }
        for detection in detections {
            if self.candidates.len() >= room {
                break;
            }
            let region = detection.region();
            if self.is_new(&region) {
                self.candidates.push(Candidate {
                    region,
                    returning: None,
                });
            }
        }
        &self.candidates
    }

    /// Gives each lost track the nearest detection within reach, the nearest pair first.
    fn admit_returning(&mut self, detections: &[Detection], t: f64, room: usize) {
        while self.candidates.len() < room {
            let mut nearest: Option<(f32, Candidate)> = None;
            for lost in &self.lost {
                if self.candidates.iter().any(|c| c.returning == Some(lost.id)) {
                    continue;
                }
                for region in detections.iter().map(Detection::region) {
                    let distance = lost.distance(&region, t).filter(|_| self.is_new(&region));
                    if let Some(distance) = distance
                        && nearest.is_none_or(|(least, _)| distance < least)
                    {
                        nearest = Some((
                            distance,
                            Candidate {
                                region,
                                returning: Some(lost.id),
                            },
                        ));
                    }
                }
            }
            match nearest {
                Some((_, candidate)) => self.candidates.push(candidate),
                None => return,
            }
        }
    }

    fn preferred(&self, detections: &[Detection], selection: PersonSelection) -> Option<Region> {
        let new = detections.iter().filter(|d| self.is_new(&d.region()));
        let best_score = new.clone().map(|d| d.score).max_by(f32::total_cmp)?;
        let (width, height) = (self.size.0 as f32, self.size.1 as f32);
        let rank = |d: &&Detection| {
            let region = d.region();
            match selection {
                PersonSelection::Largest => region.side,
                PersonSelection::NearestCentre => {
                    -(region.center_x - width / 2.0).hypot(region.center_y - height / 2.0)
                }
                PersonSelection::MostMoving | PersonSelection::Id(_) => d.score,
            }
        };
        let certain = new.filter(|d| d.score >= best_score - SCORE_MARGIN);
        certain
            .max_by(|a, b| rank(a).total_cmp(&rank(b)))
            .map(Detection::region)
    }

    /// Usable, and neither followed nor about to be.
    fn is_new(&self, region: &Region) -> bool {
        let (width, height) = self.size;
        let followed = self.tracks.iter().map(|track| &track.region);
        let mut known = followed.chain(self.candidates.iter().map(|c| &c.region));
        region.is_usable(width, height) && !known.any(|k| k.distance(region) < SAME_DETECTION)
    }

    /// Candidate `index` of the last [`Self::admit`].
    pub fn candidate(&self, index: usize) -> Candidate {
        self.candidates[index]
    }

    /// Begins to follow a candidate who turned out to be a person, unless that person is followed already.
    pub fn begin_track(&mut self, candidate: Candidate, measured: &Measured, t: f64, smooth: bool) {
        let region = Region::from_points(measured.auxiliary[0], measured.auxiliary[1]);
        let double = self
            .tracks
            .iter()
            .any(|track| track.pose_distance(&measured.pose, &region) < SAME_POSE);
        if double || !region.is_usable(self.size.0, self.size.1) || self.tracks.len() == MAX_PERSONS {
            return;
        }
        let known = self.identify(&region, measured.shirt, t).or(candidate.returning);
        let id = known.unwrap_or(self.next_id);
        self.next_id = self.next_id.max(id.saturating_add(1));
        self.lost.retain(|lost| lost.id != id);
        let at = self.tracks.partition_point(|track| track.id < id);
        self.tracks.insert(at, Track::new(id, measured, t, smooth));
        self.looks.unsettle();
    }

    /// What selection needs to know of everybody in sight.
    pub fn people(&self) -> impl Iterator<Item = Person> + Clone + '_ {
        let (width, height) = (self.size.0 as f32, self.size.1 as f32);
        self.tracks.iter().map(move |track| Person {
            id: track.id,
            size: track.region.side,
            off_centre: (track.region.center_x - width / 2.0).hypot(track.region.center_y - height / 2.0)
                / width.hypot(height),
            movement: track.movement,
        })
    }
}

/// Whether a person on this course can be in the region `now` at `t`.
fn is_plausible(course: &Course, now: &Region, t: f64) -> bool {
    let expected = course.at(t);
    let reach = JUMP + JUMP_PER_S * (t - course.t).abs() as f32;
    now.distance(&expected) <= reach && resize(now, &expected) <= RESIZE
}

/// By what factor one region is larger than the other.
fn resize(a: &Region, b: &Region) -> f32 {
    (a.side / b.side).max(b.side / a.side)
}

fn is_same(older: &Track, younger: &Track) -> bool {
    older.pose_distance(&younger.pose, &younger.region) < SAME_POSE
}
