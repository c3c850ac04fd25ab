/** Numbers as they stand on screen: the same words and decimals as in the video overlay. */

import type { MetricDefinition } from '../api/types';

export interface Reading {
  /** With a degree sign where the unit is one. */
  readonly value: string;
  /** Empty for pure numbers and degrees. */
  readonly unit: string;
  /** With its plus-minus sign, or empty. */
  readonly error: string;
}

const UNIT_SIGNS: Readonly<Record<string, string>> = { '1': '', deg: '', 'm/s^2': 'm/s²' };

/** A number with so many decimals; -0 is 0 to a spectator. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return /^-[0.]*$/.test(text) ? text.slice(1) : text;
}

export function reading(definition: MetricDefinition, value: number, uncertainty: number | null = null): Reading {
  const { unit, decimals } = definition;
  // A degree sign belongs to its number.
  const sign = unit === 'deg' ? '°' : '';
  return {
    value: fixed(value, decimals) + sign,
    unit: UNIT_SIGNS[unit] ?? unit,
    error: uncertainty === null || !Number.isFinite(uncertainty) ? '' : `±${fixed(uncertainty, decimals)}`,
  };
}

/** One line, e.g. `0.392 m ±0.023`. */
export function line({ value, unit, error }: Reading): string {
  return [value, unit, error].filter(Boolean).join(' ');
}

/** Minutes and seconds, e.g. `2:05`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** A name of the motion core for people: `first_contact` becomes `First contact`. */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
