/** From a line of text to an event. */

import { members, number, wholeNumber } from '../api/check';
import { EVENT_DATA } from '../api/shapes';
import type { EventType, WireEvent } from '../api/types';
import { text as words } from '../text/en';

/** Every type of event, in the order of the documentation. */
export const EVENT_TYPES = Object.keys(EVENT_DATA) as readonly EventType[];

const NUMBERED = members<WireEvent>({ sequence: wholeNumber, timestamp_ms: number });

/** `null` for an event of a type that this page does not know, and for what is no event, which the console is told. */
export function parseEvent(text: string): WireEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused(words.wire.notJson);
  }
  const { type, data } = (value ?? {}) as Partial<WireEvent>;
  if (typeof type === 'string' && !Object.hasOwn(EVENT_DATA, type)) return null;
  const wrong = NUMBERED(value, '') ?? EVENT_DATA[type as EventType]?.(data, 'data');
  return wrong ? refused(wrong, type) : (value as WireEvent);
}

/** What cannot be read is left out: the events after it are worth as much as without it. */
function refused(wrong: string, type = ''): null {
  console.warn(words.wire.brokenEvent(type, wrong));
  return null;
}
