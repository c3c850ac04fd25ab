import { describe, expect, it } from 'vitest';
import { FrameRing } from './held';

function filled(): FrameRing<string> {
  const ring = new FrameRing<string>(3);
  for (const [i, frame] of ['a', 'b', 'c'].entries()) ring.push(i * 20, frame);
  return ring;
}

describe('FrameRing', () => {
  it('shows the newest frame that is not younger than the moment', () => {
    const ring = filled();
    expect([ring.at(20), ring.at(39), ring.at(500)]).toEqual(['b', 'b', 'c']);
  });

  it('shows nothing of a moment before its oldest frame', () => {
    expect(filled().at(-1)).toBeNull();
  });

  it('gives back its oldest frame only when it is full', () => {
    const ring = new FrameRing<string>(2);
    expect(ring.reuse()).toBeNull();
    ring.push(0, 'a');
    ring.push(20, 'b');
    expect(ring.reuse()).toBe('a');
    expect(ring.at(10)).toBeNull();
  });
});
