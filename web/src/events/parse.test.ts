import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { poseAt, repetitionOf } from './examples';
import { parseEvent } from './parse';

const phase = {
  type: 'phase',
  timestamp_ms: 16.7,
  sequence: 2,
  data: { person: 0, movement: 'cmj', phase: 'flight', start_s: 0.01 },
};

describe('parseEvent', () => {
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined));
  afterEach(() => vi.restoreAllMocks());

  it('reads an event as the daemon writes it', () => {
    expect(parseEvent(JSON.stringify(phase))).toEqual(phase);
  });

  it('reads poses and repetitions with whatever could not be measured', () => {
    const pose = {
      ...phase,
      type: 'pose',
      data: { ...poseAt(0.5), live: { movement: null, phase: null, values: [['a', null]] } },
    };
    const repetition = { ...phase, type: 'repetition', data: repetitionOf(0, null) };
    for (const event of [pose, repetition]) expect(parseEvent(JSON.stringify(event))).toEqual(event);
  });

  it('leaves out a type of another version without a word', () => {
    expect(parseEvent(JSON.stringify({ ...phase, type: 'heartbeat', data: null }))).toBeNull();
    expect(console.warn).not.toHaveBeenCalled();
  });

  it.each([
    ['not JSON', '{"type":'],
    ['it is not an object', '[]'],
    ['sequence is not a whole number', JSON.stringify({ ...phase, sequence: 1.5 })],
    ['timestamp_ms is not a number', JSON.stringify({ ...phase, timestamp_ms: null })],
    ['data is not an object', JSON.stringify({ ...phase, data: null })],
    ['left out: phase: data.phase is not a text', JSON.stringify({ ...phase, data: { movement: 'cmj' } })],
    [
      'data.quality.grade is none of A, B, C, F',
      JSON.stringify({ ...phase, type: 'repetition', data: { ...repetitionOf(0), quality: { grade: 'E', reasons: [] } } }),
    ],
    ['data.persons[0].selected is not', JSON.stringify({ ...phase, type: 'pose', data: { ...poseAt(0), persons: [{ id: 1 }] } })],
  ])('leaves out what cannot be read and says why: %s', (words, text) => {
    expect(parseEvent(text)).toBeNull();
    expect(console.warn).toHaveBeenCalledWith(expect.stringContaining(words));
  });
});
