import { describe, expect, it } from 'vitest';
import { contained } from './skeleton';

describe('contained', () => {
  it('is where the browser puts a picture that is shown whole', () => {
    expect(contained(1280, 720, 1000, 1000)).toEqual({ left: 0, top: 218.75, width: 1000, height: 562.5 });
    expect(contained(720, 1280, 1000, 1000)).toEqual({ left: 218.75, top: 0, width: 562.5, height: 1000 });
  });
});
