/** A metric over repetitions: dots in the colour of their grade with their 95 % intervals, and the mean. */

import type { Grade } from '../api/types';
import { s } from '../dom';
import { axis, place } from './scale';

export interface Dot {
  /** What the repetition is called. */
  readonly name: string;
  readonly value: number;
  readonly uncertainty: number | null;
  readonly grade: Grade;
}

export interface ChartOptions {
  readonly width: number;
  readonly height: number;
  /** A difference of one in the last decimal shown: less than a few of them is no course. */
  readonly resolution: number;
  readonly mean: number;
}

const MARGIN = { left: 46, right: 12, top: 12, bottom: 26 };
const TICKS = 4;

/** Repetitions shown; with more the oldest leave on the left. */
const MOST_DOTS = 30;

/** There is room for this many before the dots move closer together. */
const FEW = 6;

export function chart(dots: readonly Dot[], { width, height, resolution, mean }: ChartOptions): SVGSVGElement {
  const shown = dots.slice(-MOST_DOTS);
  const ends = shown.flatMap(({ value, uncertainty }) => [value - (uncertainty ?? 0), value + (uncertainty ?? 0)]);
  const scale = axis(ends, TICKS, 10 * resolution);
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const y = (value: number) => place(value, scale, bottom, top);
  const step = (right - left) / Math.max(shown.length, FEW);
  const x = (i: number) => left + step * (i + 0.5);
  const everyNth = Math.ceil(28 / step);
  return s(
    'svg',
    { class: 'chart', viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true', focusable: 'false' },
    ...scale.ticks.flatMap((tick) => [
      s('line', { class: 'chart-grid', x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      s('text', { class: 'chart-tick', x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, tick.toFixed(scale.decimals)),
    ]),
    shown.length > 1 && s('line', { class: 'chart-mean', x1: left, x2: right, y1: y(mean), y2: y(mean) }),
    shown.length > 1 &&
      s('polyline', { class: 'chart-line', points: shown.map(({ value }, i) => `${x(i)},${y(value)}`).join(' ') }),
    ...shown.flatMap((dot, i) => [
      dot.uncertainty !== null && whisker(x(i), y(dot.value - dot.uncertainty), y(dot.value + dot.uncertainty)),
      s('circle', {
        class: 'chart-dot',
        'data-kind': dot.grade,
        cx: x(i),
        cy: y(dot.value),
        r: i === shown.length - 1 ? 6.5 : 5,
      }),
      (shown.length - 1 - i) % everyNth === 0 &&
        s('text', { class: 'chart-tick', x: x(i), y: height - 8, 'text-anchor': 'middle' }, dot.name),
    ]),
  );
}

function whisker(x: number, low: number, high: number): SVGPathElement {
  return s('path', { class: 'chart-whisker', d: `M${x} ${low}V${high}M${x - 4} ${low}h8M${x - 4} ${high}h8` });
}
