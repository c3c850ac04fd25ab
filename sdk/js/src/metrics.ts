/** Numbers by name. */

import type { Analysis, Repetition } from './models.js';

/** Numbers by the keys of the registry, which end in their unit; `null` where one was withheld. */
export type Numbers = Readonly<Record<string, number | null>>;

/** What keys of the registry end in. */
const UNITS = new Set('m ms s m_s deg percent n n_s w w_kg kn_m steps_min per_min hz kg'.split(' '));

/**
 * A number by its key, or by its key without the unit where that leaves no doubt: `metric(repetition.metrics, 'jump_height')`.
 * `null` where it was withheld or is not there.
 */
export function metric(numbers: Numbers, name: string): number | null {
  if (Object.hasOwn(numbers, name)) return numbers[name] ?? null;
  const found = Object.keys(numbers).filter((key) => key.startsWith(`${name}_`) && UNITS.has(key.slice(name.length + 1)));
  return found.length === 1 ? (numbers[found[0] as string] ?? null) : null;
}

/** By which jumps are compared. */
const HEIGHT = 'jump_height_m';

/** The repetition with the highest jump; where nothing jumps, the newest one; `null` before the first. */
export function best(analysis: Pick<Analysis, 'results'>): Repetition | null {
  const height = (repetition: Repetition) => repetition.metrics[HEIGHT] ?? Number.NEGATIVE_INFINITY;
  const jumps = analysis.results.filter((repetition) => typeof repetition.metrics[HEIGHT] === 'number');
  const highest = jumps.reduce<Repetition | null>((a, b) => (a === null || height(b) > height(a) ? b : a), null);
  return highest ?? analysis.results.at(-1) ?? null;
}
