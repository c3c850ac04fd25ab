/** The picture beside the form: five moments of a jump under the path of the hip. */

import { s } from '../dom';
import { text } from '../text/en';

/** Drawn from the stick figure of `dev/athlete.mjs`, in units of the picture. */
const MOMENTS = [
  { head: [64, 51], hip: [63, 116], body: 'M64 68L63 116L65 157L64 198L85 205M64 198L58 204L85 205', arm: 'M64 68L67 99L77 121' },
  {
    head: [208, 90],
    hip: [174, 146],
    body: 'M203 106L174 146L212 162L192 198L213 205M192 198L186 204L213 205',
    arm: 'M203 106L181 129L172 152',
  },
  {
    head: [327, 38],
    hip: [323, 103],
    body: 'M326 55L323 103L328 144L326 186L341 205M326 186L319 191L341 205',
    arm: 'M326 55L341 28L344 3',
  },
  {
    head: [454, 4],
    hip: [447, 69],
    body: 'M453 21L447 69L456 109L452 150L469 167M452 150L445 156L469 167',
    arm: 'M453 21L482 12L501 -4',
  },
  {
    head: [585, 72],
    hip: [561, 132],
    body: 'M581 88L561 132L591 160L576 198L597 205M576 198L570 204L597 205',
    arm: 'M581 88L603 110L626 120',
  },
] as const;

/** Through the hips: down, up, over the top and down again. */
const PATH = 'M20 117C90 114 120 146 174 146C240 146 270 128 323 103C366 82 400 69 447 69C496 69 530 108 561 132';

const FLOOR = 207;

export function figure(): SVGSVGElement {
  const { moments, figure: words } = text.intro;
  return s(
    'svg',
    { class: 'figure-jump', viewBox: '0 -22 650 262', role: 'img', 'aria-label': words },
    s('line', { class: 'fig-floor', x1: 12, x2: 640, y1: FLOOR, y2: FLOOR }),
    s('path', { class: 'fig-path', d: PATH }),
    ...MOMENTS.flatMap(({ head, hip, body, arm }, i) => [
      s(
        'g',
        { class: `fig-moment${i === 3 ? ' apex' : ''}` },
        s('path', { d: body }),
        s('path', { class: 'fig-arm', d: arm }),
        s('circle', { class: 'fig-head', cx: head[0], cy: head[1], r: 11 }),
        s('circle', { class: 'fig-hip', cx: hip[0], cy: hip[1], r: 5 }),
      ),
      s(
        'text',
        { class: 'fig-label', x: head[0] + (i === 1 ? -10 : 0), y: FLOOR + 24, 'text-anchor': 'middle' },
        moments[i] ?? '',
      ),
    ]),
  );
}
