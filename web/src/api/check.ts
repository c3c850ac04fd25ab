/** Checks of what comes over the wire, for the members that a page relies on; others may be anything. */

import { text } from '../text/en';

/** What is wrong with a value, naming its member, e.g. `sports[2].label is not a text`; `null` when nothing is. */
export type Check = (value: unknown, member: string) => string | null;

const { kinds, isNot, isNone } = text.wire;

const kind =
  (name: keyof typeof kinds, test: (value: unknown) => boolean): Check =>
  (value, member) =>
    test(value) ? null : isNot(member, kinds[name]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The first thing that is wrong among several, looking no further. */
function first(found: Iterable<string | null>): string | null {
  for (const wrong of found) if (wrong !== null) return wrong;
  return null;
}

export const string = kind('string', (value) => typeof value === 'string');

export const number = kind('number', Number.isFinite);

export const boolean = kind('boolean', (value) => typeof value === 'boolean');

export const wholeNumber = kind('wholeNumber', Number.isSafeInteger);

export const anyObject = kind('object', isObject);

/** One of some words. */
export const oneOf =
  (words: readonly string[]): Check =>
  (value, member) =>
    words.some((word) => word === value) ? null : isNone(member, words);

/** May also be absent or `null`. */
export const optional =
  (check: Check): Check =>
  (value, member) =>
    value === undefined || value === null ? null : check(value, member);

export const listOf = (check: Check): Check => {
  const items = function* (list: readonly unknown[], member: string) {
    for (const [i, item] of list.entries()) yield check(item, `${member}[${i}]`);
  };
  return (value, member) => (Array.isArray(value) ? first(items(value, member)) : isNot(member, kinds.list));
};

/** A list of so many items at least, the first ones of these kinds. */
export const tuple =
  (...checks: readonly Check[]): Check =>
  (value, member) =>
    Array.isArray(value) ? first(checks.map((check, i) => check(value[i], `${member}[${i}]`))) : isNot(member, kinds.list);

/** Any names, each with such a value. */
export const recordOf =
  (check: Check): Check =>
  (value, member) =>
    isObject(value)
      ? first(Object.entries(value).map(([key, item]) => check(item, `${member}.${key}`)))
      : isNot(member, kinds.object);

/** An object of a type with these members at least. */
export const members =
  <T>(checks: Partial<Record<keyof T & string, Check>>): Check =>
  (value, member) => {
    if (!isObject(value)) return isNot(member, kinds.object);
    const path = (key: string) => (member === '' ? key : `${member}.${key}`);
    return first(Object.entries<Check | undefined>(checks).map(([key, check]) => check?.(value[key], path(key)) ?? null));
  };
