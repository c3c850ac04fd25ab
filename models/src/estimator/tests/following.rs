//! Who is followed, who keeps an id, whose numbers count.

use super::theatre::*;

#[test]
fn a_person_is_measured_where_they_are() {
    let actor = Actor::at(110.0, 140.0);
    let mut theatre = Theatre::single(&[actor]);
    for _ in 0..5 {
        let people = theatre.next();
        assert_eq!(people.len(), 1);
        assert!(people[0].selected);
        assert_eq!(people[0].pose.source, PoseSource::Measured);
        for (i, landmark) in people[0].pose.landmarks.iter().enumerate() {
            let [x, y] = actor.point(i);
            assert!(
                (landmark.x - x).abs() < 3.0 && (landmark.y - y).abs() < 3.0,
                "{i}: {landmark:?} {x} {y}"
            );
        }
    }
    let stats = theatre.estimator.stats();
    assert_eq!(
        (
            stats.frames,
            stats.with_pose,
            stats.detector_runs,
            stats.landmarker_runs
        ),
        (5, 5, 1, 5)
    );
}

#[test]
fn nobody_is_an_honest_no_pose_and_the_search_goes_on() {
    let mut theatre = Theatre::single(&[]);
    assert_eq!(theatre.ids_after(5), NOBODY);
    theatre.set(&[Actor::at(128.0, 128.0)]);
    assert_eq!(theatre.ids_after(1), [0]);
    assert_eq!(theatre.estimator.stats().detector_runs, 6);
}

#[test]
fn a_moving_person_keeps_the_id() {
    let mut theatre = Theatre::single(&[]);
    for i in 0..60 {
        theatre.set(&[Actor::at(60.0 + 2.0 * i as f32, 128.0)]);
        assert_eq!(theatre.ids_after(1), [0]);
    }
    assert_eq!(theatre.estimator.stats().detector_runs, 1);
}

#[test]
fn a_person_found_again_nearby_keeps_the_id_and_a_late_one_does_not() {
    let actor = Actor::at(128.0, 128.0);
    let mut theatre = Theatre::single(&[actor]);
    assert_eq!(theatre.ids_after(10), [0]);
    theatre.set(&[]);
    assert_eq!(theatre.ids_after(15), NOBODY);
    theatre.set(&[Actor::at(150.0, 128.0)]);
    assert_eq!(theatre.ids_after(5), [0]);
    theatre.set(&[]);
    assert_eq!(theatre.ids_after(35), NOBODY);
    theatre.set(&[actor]);
    assert_eq!(theatre.ids_after(5), [1]);
}

#[test]
fn somebody_else_in_the_crop_is_not_taken_for_the_athlete() {
    let (athlete, neighbour) = (Actor::at(110.0, 128.0), Actor::at(140.0, 128.0));
    assert!(
        (neighbour.x - athlete.x) / athlete.region_side() < 0.45,
        "the neighbour is in the athlete's crop"
    );
    let mut theatre = Theatre::single(&[athlete, neighbour]);
    let first = theatre.next()[0].clone();
    assert_eq!(first.id, 0);
    let stays = if mid_hip(&first.pose)[0] < 125.0 {
        athlete
    } else {
        neighbour
    };
    let other = if stays == athlete { neighbour } else { athlete };
    theatre.ids_after(5);
    // The athlete vanishes; the landmark model now sees the neighbour in the same crop.
    theatre.set(&[other]);
    let switched = theatre.next();
    assert_eq!(switched.len(), 1);
    assert_eq!(switched[0].id, 1, "the neighbour is somebody else");
    assert_eq!(theatre.ids_after(10), [1]);
}

#[test]
fn a_glitch_of_the_landmarks_does_not_lose_the_athlete() {
    let (athlete, neighbour) = (Actor::at(100.0, 128.0), Actor::at(140.0, 128.0));
    let mut theatre = Theatre::single(&[athlete]);
    theatre.ids_after(5);
    theatre.change(|scene| {
        scene.people = vec![neighbour, athlete];
        scene.mistaken = Some(neighbour);
    });
    let people = theatre.next();
    assert_eq!(people[0].id, 0);
    assert!(
        (mid_hip(&people[0].pose)[0] - 100.0).abs() < 3.0,
        "{:?}",
        mid_hip(&people[0].pose)
    );
    assert_eq!(theatre.estimator.stats().detector_runs, 2, "it looked again");
}

#[test]
fn several_people_are_followed_and_ids_are_not_reused() {
    let (a, b, c) = (
        Actor::at(50.0, 128.0),
        Actor::at(128.0, 128.0),
        Actor::at(206.0, 128.0),
    );
    let mut theatre = Theatre::several(3, &[a, b]);
    assert_eq!(theatre.ids_after(1), [0, 1]);
    // A third one is noticed at the next look, within a second.
    theatre.set(&[a, b, c]);
    assert_eq!(theatre.ids_after(31), [0, 1, 2]);
    theatre.set(&[a, c]);
    assert_eq!(theatre.ids_after(60), [0, 2]);
    theatre.set(&[a, b, c]);
    assert_eq!(theatre.ids_after(31), [0, 2, 3]);
    theatre.estimator.reset();
    assert_eq!(theatre.ids_after(1).len(), 3);
    assert!(theatre.next().iter().all(|p| p.id > 3));
}

#[test]
fn no_more_people_are_followed_than_asked_for() {
    let people: Vec<Actor> = (0..6)
        .map(|i| Actor {
            radius: 20.0,
            ..Actor::at(28.0 + 40.0 * i as f32, 128.0)
        })
        .collect();
    let mut theatre = Theatre::several(4, &people);
    assert_eq!(theatre.ids_after(20).len(), 4);
    theatre.estimator.configure(EstimatorConfig {
        max_persons: 2,
        ..EstimatorConfig::default()
    });
    assert_eq!(theatre.ids_after(5), [0, 1]);
}

#[test]
fn two_tracks_that_meet_on_one_person_become_one() {
    let (a, b) = (Actor::at(90.0, 128.0), Actor::at(170.0, 128.0));
    let mut theatre = Theatre::several(2, &[a, b]);
    assert_eq!(theatre.ids_after(3), [0, 1]);
    // They walk towards each other until one hides the other.
    for i in 0..40 {
        let dx = i as f32;
        theatre.set(&[Actor::at(90.0 + dx, 128.0), Actor::at(170.0 - dx, 128.0)]);
        theatre.next();
    }
    theatre.set(&[Actor::at(130.0, 128.0)]);
    assert_eq!(theatre.ids_after(3), [0]);
}

#[test]
fn with_room_for_one_the_larger_of_two_certain_people_is_followed() {
    let near = Actor {
        radius: 50.0,
        score: 0.8,
        ..Actor::at(170.0, 128.0)
    };
    let far = Actor {
        radius: 20.0,
        score: 0.9,
        ..Actor::at(60.0, 128.0)
    };
    let x = |theatre: &mut Theatre| mid_hip(&theatre.next()[0].pose)[0];
    assert!(x(&mut Theatre::single(&[near, far])) > 150.0);
    // One the detector hardly believes in is not.
    let unsure = Actor { score: 0.6, ..near };
    assert!(x(&mut Theatre::single(&[unsure, far])) < 80.0);
    let central = Actor::at(120.0, 128.0);
    let config = EstimatorConfig {
        person: PersonSelection::NearestCentre,
        ..EstimatorConfig::default()
    };
    assert!((x(&mut Theatre::new(config, &[near, central])) - 120.0).abs() < 5.0);
}

#[test]
fn the_chosen_one_of_several_is_marked() {
    let (large, small) = (
        Actor {
            radius: 45.0,
            ..Actor::at(60.0, 128.0)
        },
        Actor {
            radius: 25.0,
            ..Actor::at(190.0, 128.0)
        },
    );
    let mut theatre = Theatre::several(2, &[large, small]);
    let selected = |people: &[TrackedPose]| {
        people
            .iter()
            .filter(|p| p.selected)
            .map(|p| p.id)
            .collect::<Vec<_>>()
    };
    let people = theatre.next();
    let large_id = people
        .iter()
        .max_by(|a, b| a.bounds[3].total_cmp(&b.bounds[3]))
        .unwrap()
        .id;
    assert_eq!(selected(&people), [large_id]);
    let config = EstimatorConfig {
        max_persons: 2,
        person: PersonSelection::Id(1 - large_id),
        ..EstimatorConfig::default()
    };
    theatre.estimator.configure(config);
    assert_eq!(selected(&theatre.next()), [1 - large_id]);
}

#[test]
fn prediction_goes_on_at_constant_speed_and_ends() {
    let mut theatre = Theatre::single(&[]);
    for i in 0..10 {
        theatre.set(&[Actor::at(80.0 + 3.0 * i as f32, 128.0)]);
        theatre.next();
    }
    let last = theatre.time() - 1.0 / 30.0;
    let ahead = theatre.estimator.predict(last + 0.1).to_vec();
    assert_eq!(ahead.len(), 1);
    assert_eq!(
        (ahead[0].id, ahead[0].selected, ahead[0].pose.source),
        (0, true, PoseSource::Predicted)
    );
    // 107 px at 90 px/s for 0.1 s.
    assert!(
        (mid_hip(&ahead[0].pose)[0] - 116.0).abs() < 3.0,
        "{:?}",
        mid_hip(&ahead[0].pose)
    );
    assert_eq!(theatre.estimator.predict(last + 0.31), []);
    assert_eq!(theatre.estimator.predict(last - 1.0), []);
    assert_eq!(theatre.estimator.predict(f64::NAN), []);
    assert_eq!(theatre.estimator.stats().predicted, 4);
}

#[test]
fn smoothing_is_off_unless_asked_for_and_never_touches_tracking() {
    let jumpy = |i: u32| Actor::at(128.0 + (i % 2) as f32, 128.0);
    let xs = |smooth: bool| {
        let mut theatre = Theatre::new(
            EstimatorConfig {
                smooth,
                ..EstimatorConfig::default()
            },
            &[],
        );
        let measure = |i| {
            theatre.set(&[jumpy(i)]);
            theatre.next()[0].pose.landmarks[0].x
        };
        (0..20).map(measure).collect::<Vec<f32>>()
    };
    let wobble = |xs: &[f32]| xs[10..].windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f32>() / 9.0;
    let (raw, smooth) = (wobble(&xs(false)), wobble(&xs(true)));
    assert!(raw > 0.5 && smooth < 0.7 * raw, "{raw} {smooth}");
}

#[test]
fn a_person_lost_in_full_run_is_expected_where_the_run_leads() {
    let mut theatre = Theatre::single(&[]);
    let runner = |i: u32| Actor::at(40.0 + 6.0 * i as f32, 128.0);
    for i in 0..15 {
        theatre.set(&[runner(i)]);
        assert_eq!(theatre.ids_after(1), [0]);
    }
    theatre.set(&[]);
    assert_eq!(theatre.ids_after(8), NOBODY);
    // Eight frames later and 48 pixels on, half a region from where the person was seen last.
    theatre.set(&[runner(23)]);
    assert_eq!(theatre.ids_after(1), [0]);
}

/// Somebody walks from the left past a standing athlete, who is hidden by them in frames `hidden`. Ids and places at the
/// end.
fn walk_past(hidden: std::ops::Range<u32>) -> Vec<(u32, f32)> {
    let athlete = Actor::at(130.0, 128.0);
    let walker = |i: u32| Actor::at(40.0 + 2.0 * i as f32, 128.0);
    let mut theatre = Theatre::several(2, &[athlete, walker(0)]);
    let mut ids = Vec::new();
    for i in 0..80 {
        if hidden.contains(&i) {
            theatre.set(&[walker(i)]);
        } else {
            theatre.set(&[athlete, walker(i)]);
        }
        let people = theatre.next();
        ids = people.iter().map(|p| (p.id, mid_hip(&p.pose)[0])).collect();
        if i == 0 {
            assert_eq!(ids.len(), 2);
        }
    }
    ids
}

/// Whether the athlete was the first or the second to be found does not matter.
fn assert_identities_kept(before: &[(u32, f32)], after: &[(u32, f32)]) {
    let left_to_right = |people: &[(u32, f32)]| {
        let mut people = people.to_vec();
        people.sort_by(|a, b| a.1.total_cmp(&b.1));
        people.iter().map(|p| p.0).collect::<Vec<_>>()
    };
    let mut expected = left_to_right(before);
    expected.reverse();
    assert_eq!(left_to_right(after), expected, "{before:?} {after:?}");
}

#[test]
fn two_who_cross_keep_their_ids() {
    let before = Theatre::several(2, &[Actor::at(130.0, 128.0), Actor::at(40.0, 128.0)])
        .next()
        .iter()
        .map(|p| (p.id, mid_hip(&p.pose)[0]))
        .collect::<Vec<_>>();
    // Nobody hidden for longer than the two are in one place, and the athlete hidden until the crop has followed the walker.
    for hidden in [0..0, 42..60] {
        assert_identities_kept(&before, &walk_past(hidden));
    }
}

/// An athlete in blue and somebody in black within the athlete's crop, both followed, and their ids.
fn athlete_and_neighbour() -> (Theatre, [Actor; 2], [Option<u32>; 2]) {
    let actors = [
        Actor::at(110.0, 128.0).wearing(250),
        Actor::at(140.0, 128.0).wearing(0),
    ];
    let mut theatre = Theatre::several(2, &actors);
    theatre.ids_after(5);
    let people = theatre.next();
    let ids = actors.map(|actor| id_at(&people, &actor));
    assert!(ids.iter().all(Option::is_some) && ids[0] != ids[1], "{ids:?}");
    (theatre, actors, ids)
}

/// The id of whoever is seen where an actor stands.
fn id_at(people: &[TrackedPose], actor: &Actor) -> Option<u32> {
    let near = |p: &&TrackedPose| (mid_hip(&p.pose)[0] - actor.x).abs() < 5.0;
    people.iter().find(near).map(|p| p.id)
}

#[test]
fn a_crop_that_shows_a_followed_neighbour_for_a_moment_waits_for_its_own_person() {
    let (mut theatre, actors, ids) = athlete_and_neighbour();
    let [_, neighbour] = actors;
    theatre.set(&[neighbour]);
    for _ in 0..3 {
        let people = theatre.next();
        assert_eq!(actors.map(|actor| id_at(&people, &actor)), ids);
    }
    theatre.set(&actors);
    let people = theatre.next();
    assert_eq!(actors.map(|actor| id_at(&people, &actor)), ids);
    assert!(people.iter().all(|p| p.pose.source == PoseSource::Measured));
}

#[test]
fn a_track_that_slides_onto_somebody_hidden_takes_their_id_at_once() {
    let (mut theatre, [athlete, neighbour], ids) = athlete_and_neighbour();
    // The neighbour walks before the athlete and hides them …
    for step in 1..=7 {
        let x = neighbour.x - 4.0 * step as f32;
        theatre.set(&[athlete, Actor { x, ..neighbour }]);
        theatre.next();
    }
    let covering = Actor {
        x: 112.0,
        ..neighbour
    };
    theatre.set(&[covering]);
    theatre.ids_after(20);
    let people = theatre.next();
    assert_eq!(people.len(), 1);
    assert_eq!(
        id_at(&people, &covering),
        ids[1],
        "the neighbour is the one in sight"
    );
    // … and then the athlete stands where the crop is.
    theatre.set(&[athlete]);
    assert_eq!(id_at(&theatre.next(), &athlete), ids[0]);
}
