/** From a line of text to an event. */

import type { EventType, WireEvent } from '../api/types';

/** Every type of event, in the order of the documentation. */
export const EVENT_TYPES: readonly EventType[] = [
  'pose',
  'phase',
  'metric_update',
  'repetition',
  'analysis_complete',
  'warning',
  'error',
  'state',
];

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

/** `null` for what is no event, or one of a type that this page does not know. */
export function parseEvent(text: string): WireEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object') return null;
  const { type, timestamp_ms, sequence, data } = value as Record<string, unknown>;
  const sound =
    typeof type === 'string' &&
    TYPES.has(type) &&
    Number.isSafeInteger(sequence) &&
    Number.isFinite(timestamp_ms) &&
    data !== null &&
    typeof data === 'object';
  return sound ? (value as WireEvent) : null;
}
