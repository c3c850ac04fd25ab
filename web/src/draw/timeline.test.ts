import { describe, expect, it } from 'vitest';
import { poseAt } from '../events/examples';
import { Timeline, between } from './timeline';

/** Poses every 40 ms that need 20 ms to arrive and move a tenth of the picture each. */
function running(): Timeline {
  const timeline = new Timeline();
  for (let i = 0; i < 5; i++) timeline.push(i * 40, 1000 + i * 40 + 20, poseAt(i / 10));
  return timeline;
}

const x = (timeline: Timeline, nowMs: number) => timeline.at(nowMs)?.persons[0]?.landmarks[0]?.[0];

describe('Timeline', () => {
  it('moves evenly between two poses', () => {
    const timeline = running();
    expect(x(timeline, 1020 + 160)).toBeCloseTo(0.3);
    expect(x(timeline, 1020 + 170)).toBeCloseTo(0.325);
    expect(x(timeline, 1020 + 190)).toBeCloseTo(0.375);
  });

  it('stays at the newest pose while nothing newer is there', () => {
    expect(x(running(), 1020 + 300)).toBeCloseTo(0.4);
  });

  it('shows nothing when no pose has come for long', () => {
    expect(running().at(1180 + 601)).toBeNull();
  });

  it('goes on showing poses that come late, if they keep coming', () => {
    const timeline = running();
    timeline.push(200, 4000, poseAt(0.9));
    expect(x(timeline, 4010)).toBeCloseTo(0.9);
  });

  it('follows the picture where its time is known and makes sense', () => {
    expect(running().at(1200, 100)?.persons[0]?.landmarks[0]?.[0]).toBeCloseTo(0.25);
    expect(running().at(1020 + 160, 9_000_000)?.persons[0]?.landmarks[0]?.[0]).toBeCloseTo(0.3);
  });

  it('leaves out a pose that comes too late for its place', () => {
    const timeline = running();
    timeline.push(100, 1190, poseAt(0.9));
    expect(x(timeline, 1020 + 300)).toBeCloseTo(0.4);
  });
});

describe('between', () => {
  it('does not invent a way for a landmark that is no number', () => {
    const broken = poseAt(0.2);
    const gap = {
      ...broken,
      persons: broken.persons.map((p) => ({ ...p, landmarks: p.landmarks.map(() => [null, null, 0] as const) })),
    };
    expect(between(gap, poseAt(0.4), 0.25).persons[0]?.landmarks[0]).toEqual([null, null, 0]);
    expect(between(gap, poseAt(0.4), 0.75).persons[0]?.landmarks[0]?.[0]).toBe(0.4);
  });

  it('shows somebody who has just come as there', () => {
    expect(between(poseAt(0.1, 1), poseAt(0.6, 2), 0.5).persons.map(({ id, landmarks }) => [id, landmarks[0]?.[0]])).toEqual([
      [2, 0.6],
    ]);
  });
});
