//! What the elements cost per frame apart from inference: one 720p frame with one athlete through each.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gstkinemotion::{Motion, MotionMeta, PersonMotion, PoseMeta};
use kinemotion_motion::LiveState;
use std::sync::Arc;

const SIZE: (u32, u32) = (1280, 720);

fn motion(time: f64) -> Motion {
    let live = LiveState {
        movement: Some("cmj"),
        phase: Some("flight"),
        values: vec![
            ("knee_angle_deg", 87.0),
            ("hip_angle_deg", 71.0),
            ("trunk_angle_deg", 34.0),
        ],
        repetitions: 3,
    };
    let person = PersonMotion {
        id: 1,
        selected: true,
        live,
        last_repetition: None,
    };
    Motion {
        time,
        persons: Arc::from([person]),
        events: Arc::from([]),
    }
}

/// Times pushing a frame with both metas through a line.
fn time_line(criterion: &mut Criterion, name: &str, line: &str, format: &str) {
    support::init();
    let mut harness = gst_check::Harness::new_parse(line);
    let (width, height) = SIZE;
    harness.set_src_caps_str(&format!(
        "video/x-raw,format={format},width={width},height={height},framerate=60/1"
    ));
    let bytes = gst_video::VideoInfo::builder(format.parse().unwrap(), width, height)
        .build()
        .unwrap()
        .size();
    let pixels = gst::Buffer::with_size(bytes).unwrap();
    let mut frame = 0u64;
    criterion.bench_function(name, |bencher| {
        bencher.iter_batched(
            || {
                frame += 1;
                let mut buffer = pixels.copy_deep().unwrap();
                let fields = buffer.get_mut().unwrap();
                fields.set_pts(gst::ClockTime::from_mseconds(frame * 16));
                let time = frame as f64 * 0.016;
                PoseMeta::add(fields, support::standing(width, height, time));
                MotionMeta::add(fields, motion(time));
                buffer
            },
            |buffer| harness.push_and_pull(buffer).unwrap(),
            BatchSize::SmallInput,
        );
    });
}

fn elements(criterion: &mut Criterion) {
    time_line(
        criterion,
        "kineoverlay 720p, disabled",
        "kineoverlay enabled=false",
        "I420",
    );
    for format in ["I420", "NV12", "BGRx"] {
        time_line(
            criterion,
            &format!("kineoverlay 720p, draw on {format}"),
            "kineoverlay",
            format,
        );
    }
    time_line(criterion, "kineoverlay 720p, key", "kineoverlay mode=key", "I420");
    time_line(criterion, "kinephase", "kinephase movement=cmj", "I420");
    time_line(criterion, "kinejson", "kinejson", "I420");
}

criterion_group!(benches, elements);
criterion_main!(benches);
