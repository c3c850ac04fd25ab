//! A publisher and a receiver made of the same machinery, on this machine.

mod receiver;

use receiver::{Received, Receiver};
use std::sync::Arc;
use std::time::{Duration, Instant};
use whip_load::event::Event;
use whip_load::matching::{self, Arrival, SentFrame};
use whip_load::{Codec, End, Footage, FootageOptions, Heard, PublishError, Publisher, PublisherOptions};

/// A second and a half of a small picture.
const ENOUGH: usize = 45;

fn footage(codec: Codec) -> Arc<Footage> {
    let options = FootageOptions {
        codec,
        width: 96,
        height: 64,
        key_frame_every: 20,
        ..FootageOptions::default()
    };
    Arc::new(Footage::encode(&options).expect("an encoder"))
}

fn options(receiver: &Receiver) -> PublisherOptions {
    PublisherOptions::new(receiver.url())
}

#[tokio::test]
async fn every_result_finds_the_frame_it_belongs_to() {
    let footage = footage(Codec::Vp8);
    let receiver = Receiver::start().await;
    let publisher = Publisher::connect(&options(&receiver), footage.clone())
        .await
        .expect("a connection");
    assert_eq!(publisher.resource().path(), "/whip/it");
    let since = Instant::now();
    let (mut frames, mut arrivals) = (Vec::new(), Vec::new());
    let (say, mut enough) = tokio::sync::mpsc::channel(1);
    let end = async {
        enough.recv().await;
        End::Delete
    };
    let heard = |heard| match heard {
        Heard::Sent { ticks, at, .. } => {
            let at_s = (at - since).as_secs_f64();
            frames.push(SentFrame { ticks, at_s });
        }
        Heard::Message(message) => {
            let Ok(Event::Pose(pose)) = Event::parse(&message.text) else {
                panic!("{message:?}")
            };
            let at_s = (message.at - since).as_secs_f64();
            arrivals.push(Arrival {
                timestamp_ms: pose.timestamp_ms,
                at_s,
            });
            if arrivals.len() == ENOUGH {
                say.try_send(()).expect("it is said once");
            }
        }
        Heard::Connected | Heard::KeyFrameAsked | Heard::Skipped(_) => {}
    };
    publisher.run(end, heard).await.expect("a good end");
    let received = receiver.finish().await;
    assert!(received.deleted);
    for (frame, unit) in received.frames.iter().zip(footage.units()) {
        assert!(*frame.data == *unit.data, "a frame is another than was encoded");
    }
    let matches = matching::find(&frames, &arrivals, footage.seconds());
    for (found, arrival) in matches.iter().zip(&arrivals) {
        assert!(found.residual_ms.is_some(), "no frame for {arrival:?}");
        let frame = frames[found.frame];
        // The receiver says the RTP timestamp, by which the true frame is known.
        let told_ms = frame.ticks as f64 / 90.0 + receiver::AHEAD_MS;
        assert!(
            (told_ms - arrival.timestamp_ms).abs() < 0.002,
            "{frame:?} {arrival:?}"
        );
    }
}

#[tokio::test]
async fn a_key_frame_that_is_asked_for_comes_before_its_turn() {
    let footage = footage(Codec::H264Baseline);
    let receiver = Receiver::asking_after(5).await;
    let mut publishing = Publisher::connect(&options(&receiver), footage.clone())
        .await
        .expect("a connection")
        .spawn();
    for _ in 0..ENOUGH {
        publishing.next().await.expect("a result");
    }
    let summary = publishing.end().await.expect("a good end");
    assert!(summary.key_frames_asked >= 1, "{summary:?}");
    let received = receiver.finish().await;
    let second = received.frames.iter().skip(1).position(|frame| frame.is_idr());
    let turn = footage.units().iter().skip(1).position(|unit| unit.key);
    assert!(second.is_some() && second < turn, "{second:?} {turn:?}");
}

#[tokio::test]
async fn an_offer_as_of_obs_is_published_without_a_word_back() {
    let receiver = Receiver::start().await;
    let options = PublisherOptions {
        audio: true,
        data_channel: false,
        ..options(&receiver)
    };
    let publishing = Publisher::connect(&options, footage(Codec::H264High))
        .await
        .expect("a connection")
        .spawn();
    receiver.until_frames(ENOUGH).await;
    let summary = publishing.end().await.expect("a good end");
    assert!(
        summary.frames >= ENOUGH as u64 && summary.messages == 0,
        "{summary:?}"
    );
    let received = receiver.finish().await;
    assert!(
        received.offer.contains("profile-level-id=64001f"),
        "{}",
        received.offer
    );
    assert!(!received.offer.contains("m=application"), "{}", received.offer);
    assert!(received.frames[0].is_idr() && received.silences > 0);
}

#[tokio::test]
async fn one_that_vanishes_says_no_word() {
    let receiver = Receiver::start().await;
    let publishing = Publisher::connect(&options(&receiver), footage(Codec::Vp8))
        .await
        .expect("a connection")
        .spawn();
    receiver.until_frames(1).await;
    publishing.abandon().await.expect("it was fine until then");
    let Received { deleted, .. } = receiver.finish().await;
    assert!(!deleted);
}

#[tokio::test]
async fn a_refusal_says_why_and_when_to_come_again() {
    let url = receiver::refusing().await;
    let refused = Publisher::connect(&PublisherOptions::new(url), footage(Codec::Vp8)).await;
    match refused.err() {
        Some(PublishError::Refused {
            problem,
            retry_after,
            after,
        }) => {
            assert_eq!(problem.title, "Full");
            assert!(after > Duration::ZERO);
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
        other => panic!("{other:?}"),
    }
}
