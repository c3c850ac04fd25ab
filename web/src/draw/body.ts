/** The limbs of the 33 landmarks of BlazePose, as the video overlay draws them. */

export type Side = 'trunk' | 'left' | 'right';

/** From, to, side. */
export const LIMBS: readonly (readonly [number, number, Side])[] = [
  [11, 12, 'trunk'],
  [23, 24, 'trunk'],
  [11, 23, 'trunk'],
  [12, 24, 'trunk'],
  [11, 13, 'left'],
  [13, 15, 'left'],
  [23, 25, 'left'],
  [25, 27, 'left'],
  [27, 29, 'left'],
  [29, 31, 'left'],
  [27, 31, 'left'],
  [12, 14, 'right'],
  [14, 16, 'right'],
  [24, 26, 'right'],
  [26, 28, 'right'],
  [28, 30, 'right'],
  [30, 32, 'right'],
  [28, 32, 'right'],
];

/** Shoulders, elbows, wrists, hips, knees, ankles; odd numbers are left. */
export const JOINTS: readonly number[] = [11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28];

export const COLORS = {
  left: '#2fc7f5',
  right: '#ff9a3c',
  trunk: '#f5f8fa',
  others: '#9aa7b2',
  outline: '#05090f',
} as const;

/** A joint appears above the first visibility and disappears below the second. */
export const VISIBLE = { from: 0.5, until: 0.3 } as const;
