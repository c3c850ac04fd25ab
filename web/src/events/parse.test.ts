import { describe, expect, it } from 'vitest';
import { parseEvent } from './parse';

const phase = {
  type: 'phase',
  timestamp_ms: 16.7,
  sequence: 2,
  data: { person: 0, movement: 'cmj', phase: 'flight', start_s: 0.01 },
};

describe('parseEvent', () => {
  it('reads an event as the daemon writes it', () => {
    expect(parseEvent(JSON.stringify(phase))).toEqual(phase);
  });

  it.each([
    ['no JSON', '{"type":'],
    ['an array', '[]'],
    ['a type of another version', JSON.stringify({ ...phase, type: 'heartbeat' })],
    ['a broken number', JSON.stringify({ ...phase, sequence: 1.5 })],
    ['no time', JSON.stringify({ ...phase, timestamp_ms: null })],
    ['no data', JSON.stringify({ ...phase, data: null })],
  ])('leaves out %s', (_, text) => {
    expect(parseEvent(text)).toBeNull();
  });
});
