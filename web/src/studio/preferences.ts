/** What was chosen last, kept in this browser. */

import type { Quality } from '../api/types';

export interface Preferences {
  source: 'camera' | 'demo';
  camera: string | null;
  movement: string;
  heightCm: string;
  massKg: string;
  quality: Quality;
}

const KEY = 'kinemotion.setup';

const USUAL: Preferences = { source: 'camera', camera: null, movement: 'auto', heightCm: '', massKg: '', quality: 'balanced' };

export function load(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return { ...USUAL, ...(stored as Partial<Preferences>) };
  } catch {
    return { ...USUAL };
  }
}

/** A browser that keeps nothing is no reason not to measure. */
export function save(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    return;
  }
}
