import { describe, expect, it } from 'vitest';
import { parseOptions } from './options';

describe('parseOptions', () => {
  it('has a default for everything', () => {
    const { options, rejected } = parseOptions('');
    expect(options).toEqual({
      theme: 'dark',
      layout: 'lower-third',
      accent: null,
      scale: 1,
      metrics: [],
      name: '',
      hold: 10,
      debug: false,
    });
    expect(rejected).toEqual([]);
  });

  it('reads every option', () => {
    const { options } = parseOptions(
      '?theme=light&layout=corner&accent=e4572e&scale=1.5&metrics=jump_height_m,%20flight_time_ms&name=Mara&hold=0&debug=1',
    );
    expect(options).toEqual({
      theme: 'light',
      layout: 'corner',
      accent: '#e4572e',
      scale: 1.5,
      metrics: ['jump_height_m', 'flight_time_ms'],
      name: 'Mara',
      hold: 0,
      debug: true,
    });
  });

  it('leaves what it does not understand at its default and tells it', () => {
    const { options, rejected } = parseOptions('?theme=pink&scale=0&accent=url(x)&hold=-1');
    expect([options.theme, options.scale, options.accent, options.hold]).toEqual(['dark', 1, null, 10]);
    expect(rejected).toEqual([
      ['theme', 'pink'],
      ['accent', 'url(x)'],
      ['scale', '0'],
      ['hold', '-1'],
    ]);
  });
});
