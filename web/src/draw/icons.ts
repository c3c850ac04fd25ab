/** Symbols on a grid of 24, drawn with a stroke. */

import { s } from '../dom';

const PATHS = {
  camera: 'M3 8.5a2 2 0 0 1 2-2h8.5a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM15.5 11l5-3v8l-5-3',
  athlete:
    'M12.5 6.2a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8M5.5 5.5l5 4h3.5l4.5-3M12 9.5l-.5 5 3.5 3-1 4.5M11.5 14.5 8 17.5 5 17',
  stop: 'M7 7h10v10H7z',
  play: 'M8 5.5v13l10.5-6.5z',
  download: 'M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 19.5h14',
  broadcast: 'M12 12h.01M8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7M5.7 18.3a9 9 0 0 1 0-12.6M18.3 5.7a9 9 0 0 1 0 12.6',
  skeleton: 'M12 5.5h.01M12 8v6M7 10.5 12 9l5 1.5M12 14l-3 6M12 14l3 6',
  hint: 'M9 18h6M10 21h4M8.5 15c-1.6-1.1-2.5-2.9-2.5-5a6 6 0 0 1 12 0c0 2.1-.9 3.9-2.5 5z',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17h.01',
  blocked: 'M3 8.5a2 2 0 0 1 2-2h8.5a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM15.5 11l5-3v8l-5-3M3 3l18 18',
  lost: 'M2.5 9a14 14 0 0 1 5-3M21.5 9a14 14 0 0 0-9-4.5M6 13a9 9 0 0 1 4-2.3M18 13a9 9 0 0 0-1.5-1.1M9.5 16.7a4 4 0 0 1 5 0M12 20h.01M3 3l18 18',
  done: 'M5 12.5 10 17.5 19.5 7',
  side: 'M4 20V6M4 13h9M13 9.5l5 3.5-5 3.5zM20.5 6v14',
  body: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M12 7.5h.01M12 10v4M9.5 11.5h5M12 14l-1.5 3M12 14l1.5 3',
  steady: 'M12 3v7M8 3h8v4H8zM12 10 6 21M12 10l6 11M12 10v11',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  open: 'M13 5h6v6M19 5l-9 9M17 14v5H5V7h5',
  chevron: 'M8 10l4 4 4-4',
} as const;

export type IconName = keyof typeof PATHS;

/** A symbol beside a text that says the same; screen readers skip it. */
export function icon(name: IconName): SVGSVGElement {
  return s(
    'svg',
    { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    s('path', { d: PATHS[name] }),
  );
}

/** The mark of the product: a body that has left the ground, over the curve of its flight. */
export function mark(): SVGSVGElement {
  return s(
    'svg',
    { class: 'mark', viewBox: '0 0 32 32', 'aria-hidden': 'true', focusable: 'false' },
    s('rect', { width: 32, height: 32, rx: 9, class: 'mark-ground' }),
    s('path', { d: 'M6 24C9.5 10.5 22.5 10.5 26 24', class: 'mark-curve' }),
    s('circle', { cx: 16, cy: 8.5, r: 2.7, class: 'mark-head' }),
    s('path', { d: 'M6 24h20', class: 'mark-floor' }),
  );
}
