import { describe, expect, it } from 'vitest';
import { repetitionOf } from '../events/examples';
import { Catalog } from './catalog';

const definition = (key: string, label: string, unit: string, decimals: number) => ({
  key,
  label,
  unit,
  decimals,
  definition: '',
  source: '',
});

const catalog = new Catalog({
  sports: [
    { name: 'cmj', label: 'Countermovement jump', phases: [], metrics: [], headline: ['jump_height_m', 'flight_time_ms'] },
  ],
  metrics: [
    { ...definition('flight_time_ms', 'Flight time', 'ms', 0), short_label: 'Flight' },
    definition('jump_height_m', 'Jump height', 'm', 3),
  ],
});

describe('Catalog', () => {
  it('shows what matters most first and leaves out what nobody defined', () => {
    const rows = catalog.rows(repetitionOf(0));
    expect(rows.map(({ label, value, error }) => [label, value, error])).toEqual([
      ['Jump height', '0.392', '±0.023'],
      ['Flight', '565', '±16'],
    ]);
  });

  it('leaves out a withheld number', () => {
    expect(catalog.measured(repetitionOf(0, null))).toEqual(['flight_time_ms']);
  });

  it('shows the numbers asked for, in that order', () => {
    expect(catalog.rows(repetitionOf(0), ['flight_time_ms', 'unknown']).map(({ key }) => key)).toEqual(['flight_time_ms']);
  });

  it('keeps the places of numbers that a repetition under way does not have yet', () => {
    const before = catalog.rows(repetitionOf(0));
    const rows = catalog.provisional('cmj', new Map([['jump_height_m', { value: 0.37 }]]), before);
    expect(rows.map(({ label, value, error }) => [label, value, error])).toEqual([
      ['Jump height', '0.370', ''],
      ['Flight', '–', ''],
    ]);
    expect(catalog.provisional('cmj', new Map(), before)).toEqual([]);
  });

  it('has a name for a movement it does not know', () => {
    expect([catalog.movementLabel('cmj'), catalog.movementLabel('long_jump')]).toEqual(['Countermovement jump', 'Long jump']);
  });
});
