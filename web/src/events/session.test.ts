import { beforeEach, describe, expect, it } from 'vitest';
import { event, poseAt, repetitionOf } from './examples';
import { Session } from './session';

let session: Session;
beforeEach(() => (session = new Session()));

const update = (sequence: number, value: number, atMs?: number, person = 0) =>
  event('metric_update', sequence, { person, movement: 'cmj', key: 'jump_height_m', value }, atMs);

describe('Session', () => {
  it('keeps a provisional number until its repetition is final', () => {
    session.apply(update(1, 0.37));
    expect(session.interim.get('jump_height_m')?.value).toBe(0.37);
    session.apply(event('repetition', 2, repetitionOf(0)));
    expect(session.interim.size).toBe(0);
    expect(session.latest?.number).toBe(1);
  });

  it('knows what it gets of the machine from the newest event', () => {
    expect(session.service).toBeNull();
    session.apply(event('service', 4, { degraded: true, pose_rate: 12.5 }));
    session.apply(event('service', 3, { degraded: false }));
    expect(session.service).toEqual({ degraded: true, pose_rate: 12.5 });
    session.apply(event('service', 5, { degraded: false }));
    expect(session.service?.degraded).toBe(false);
  });

  it('takes back a provisional number that no repetition follows', () => {
    session.apply(update(1, 0.37, 1000));
    session.apply(event('pose', 2, poseAt(0), 3900));
    expect(session.interim.size).toBe(1);
    session.apply(event('pose', 3, poseAt(0), 4001));
    expect(session.interim.size).toBe(0);
  });

  it('takes back a provisional number when the core says that it was no repetition', () => {
    session.apply(update(1, 0.37));
    session.apply(event('warning', 2, { code: 'not_measured', message: 'no countermovement' }));
    expect(session.interim.size).toBe(0);
  });

  /** Two people at once, of whom one counts. */
  const two = (selected: number, other: number) => {
    const [one, another] = [poseAt(0, selected), poseAt(1, other)];
    return { ...one, persons: [...one.persons, ...another.persons.map((person) => ({ ...person, selected: false }))] };
  };

  it('takes whoever was lost and found again for the same athlete where nobody else is measured', () => {
    session.apply(event('pose', 0, poseAt(0, 1)));
    session.apply(event('repetition', 1, repetitionOf(1)));
    session.apply(event('pose', 2, poseAt(0, 4)));
    session.apply(event('repetition', 3, repetitionOf(4)));
    expect(session.repetitions.map(({ number }) => number)).toEqual([1, 2]);
    expect(session.latest?.number).toBe(2);
  });

  it('puts repetitions in order and counts them per person', () => {
    session.apply(event('pose', 1, two(0, 1)));
    session.apply(event('repetition', 9, repetitionOf(0)));
    session.apply(event('repetition', 4, repetitionOf(0)));
    session.apply(event('repetition', 6, repetitionOf(1)));
    expect(session.repetitions.map(({ sequence, number }) => [sequence, number])).toEqual([
      [4, 1],
      [6, 1],
      [9, 2],
    ]);
  });

  it('shows the phase and the latest repetition of the person whose numbers count', () => {
    session.apply(event('pose', 0, two(7, 3)));
    session.apply(event('phase', 1, { person: 7, movement: 'cmj', phase: 'flight', start_s: 0 }));
    session.apply(event('phase', 2, { person: 3, movement: 'squat', phase: 'descent', start_s: 0 }));
    session.apply(event('repetition', 3, repetitionOf(7)));
    session.apply(event('repetition', 4, repetitionOf(3)));
    expect(session.phase?.name).toBe('flight');
    expect(session.latest?.sequence).toBe(3);
  });

  it('misses somebody who is out of the picture for a while', () => {
    const empty = { ...poseAt(0), persons: [] };
    session.apply(event('pose', 0, empty, 0));
    session.apply(event('pose', 1, empty, 1600));
    expect(session.searching).toBe(true);
    session.apply(event('pose', 2, poseAt(0), 1700));
    session.apply(event('pose', 3, empty, 3100));
    expect(session.searching).toBe(false);
  });

  it('does not go back to an older phase or state that comes late', () => {
    session.apply(event('phase', 5, { movement: 'cmj', phase: 'landing', start_s: 0 }));
    session.apply(event('phase', 4, { movement: 'cmj', phase: 'flight', start_s: 0 }));
    session.apply(event('state', 7, { state: 'done' }));
    session.apply(event('state', 6, { state: 'finishing' }));
    expect([session.phase?.name, session.state, session.over]).toEqual(['landing', 'done', true]);
  });

  it('says a notice once, the newest first', () => {
    for (const sequence of [1, 2, 3]) session.apply(event('warning', sequence, { message: 'the person was lost' }));
    session.apply(event('error', 4, { message: 'no decoder' }));
    expect(session.notices.map(({ message }) => message)).toEqual(['no decoder', 'the person was lost']);
  });
});
