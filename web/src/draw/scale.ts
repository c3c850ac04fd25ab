/** Scales and statistics of the chart over repetitions. */

/** A linear axis with round ticks. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Decimals that tell neighbouring ticks apart. */
  readonly decimals: number;
}

/** The round step that divides `span` into about `parts`. */
export function roundStep(span: number, parts: number): number {
  const rough = span / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}

/** An axis that holds all values; `least` is the smallest span worth showing. */
export function axis(values: readonly number[], parts: number, least: number): Axis {
  const finite = values.filter(Number.isFinite);
  let [low, high] = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
  if (high - low < least) {
    const middle = (low + high) / 2;
    [low, high] = [middle - least / 2, middle + least / 2];
  }
  const step = roundStep(high - low, parts);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { low: first * step, high: last * step, ticks, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** Where a value lies on a stretch of the screen. */
export function place(value: number, { low, high }: Axis, from: number, to: number): number {
  return from + ((value - low) / (high - low)) * (to - from);
}

export interface Summary {
  readonly mean: number;
  /** Standard deviation of the sample; `null` below two values. */
  readonly deviation: number | null;
  readonly lowest: number;
  readonly highest: number;
}

export function summary(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null,
    lowest: Math.min(...values),
    highest: Math.max(...values),
  };
}
