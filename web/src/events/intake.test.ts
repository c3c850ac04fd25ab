import { describe, expect, it } from 'vitest';
import { event, poseAt } from './examples';
import { Feed, Intake } from './intake';

const warning = (sequence: number) => event('warning', sequence, { message: 'w' });

describe('Intake', () => {
  it('lets an event through once, whichever way it came first', () => {
    const intake = new Intake();
    const [stream, channel] = [new Feed(false), new Feed(true)];
    expect(intake.accept(warning(0), channel)).toBe(true);
    expect(intake.accept(warning(0), stream)).toBe(false);
    expect(intake.accept(warning(1), stream)).toBe(true);
    expect(intake.accept(warning(1), channel)).toBe(false);
  });

  it('counts what is missing on a feed that carries everything', () => {
    const intake = new Intake();
    const channel = new Feed(true);
    intake.accept(event('pose', 5, poseAt(0)), channel);
    expect(intake.dropped).toBe(0);
    intake.accept(event('pose', 9, poseAt(0)), channel);
    expect(intake.dropped).toBe(3);
  });

  it('does not count poses that were not asked for', () => {
    const intake = new Intake();
    const stream = new Feed(false);
    intake.accept(warning(0), stream);
    intake.accept(warning(40), stream);
    expect(intake.dropped).toBe(0);
    intake.accept({ ...warning(60), dropped: 2 }, stream);
    expect(intake.dropped).toBe(2);
  });

  it('counts what the daemon says it dropped once, not again as a gap', () => {
    const intake = new Intake();
    const stream = new Feed(true);
    intake.accept(event('pose', 0, poseAt(0)), stream);
    intake.accept({ ...event('pose', 4, poseAt(0)), dropped: 3 }, stream);
    expect(intake.dropped).toBe(3);
  });

  it('still knows what is old after it has forgotten the numbers', () => {
    const intake = new Intake();
    const feed = new Feed(true);
    for (let sequence = 0; sequence < 10_000; sequence++) intake.accept(warning(sequence), feed);
    expect(intake.accept(warning(3), new Feed(false))).toBe(false);
    expect(intake.accept(warning(9_999), new Feed(false))).toBe(false);
    expect(intake.accept(warning(10_000), feed)).toBe(true);
  });
});
