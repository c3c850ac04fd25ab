/** The parameters of the overlay's address. */

export const THEMES = ['dark', 'light', 'clean'] as const;
export const LAYOUTS = ['lower-third', 'corner', 'strip'] as const;

export interface OverlayOptions {
  readonly theme: (typeof THEMES)[number];
  readonly layout: (typeof LAYOUTS)[number];
  /** CSS colour. */
  readonly accent: string | null;
  readonly scale: number;
  /** Registry keys; empty for what the movement shows first. */
  readonly metrics: readonly string[];
  readonly name: string;
  /** Seconds for which a repetition stays; 0 for ever. */
  readonly hold: number;
  /** Says on screen what is wrong; never for air. */
  readonly debug: boolean;
}

const SCALES = { least: 0.25, most: 4 };
const USUAL_HOLD_S = 10;

export interface Parsed {
  readonly options: OverlayOptions;
  /** Name and value of what was not understood. */
  readonly rejected: readonly (readonly [string, string])[];
}

/** Reads the query of an address; what makes no sense is left at its default and told. */
export function parseOptions(query: string): Parsed {
  const parameters = new URLSearchParams(query);
  const rejected: [string, string][] = [];
  const read = <T>(name: string, usual: T, parse: (value: string) => T | null): T => {
    const value = parameters.get(name);
    if (value === null || value === '') return usual;
    const parsed = parse(value);
    if (parsed === null) rejected.push([name, value]);
    return parsed ?? usual;
  };
  const among =
    <T extends string>(values: readonly T[]) =>
    (value: string) =>
      values.find((v) => v === value) ?? null;
  const number = (least: number, most: number) => (value: string) => {
    const n = Number(value);
    return Number.isFinite(n) && n >= least && n <= most ? n : null;
  };
  const color = (value: string) =>
    /^([0-9a-f]{3}|[0-9a-f]{6})$/i.test(value.replace('#', '')) ? `#${value.replace('#', '')}` : null;
  const options: OverlayOptions = {
    theme: read('theme', THEMES[0], among(THEMES)),
    layout: read('layout', LAYOUTS[0], among(LAYOUTS)),
    accent: read('accent', null, color),
    scale: read('scale', 1, number(SCALES.least, SCALES.most)),
    metrics: read('metrics', [], (value) =>
      value
        .split(',')
        .map((key) => key.trim())
        .filter(Boolean),
    ),
    name: read('name', '', (value) => value.slice(0, 60)),
    hold: read('hold', USUAL_HOLD_S, number(0, 3600)),
    debug: parameters.get('debug') === '1',
  };
  return { options, rejected };
}
