/** Labels and order of metrics and movements, from `GET /api/v1/sports`. */

import type { MetricDefinition, RepetitionData, Sport, SportsDocument } from '../api/types';
import { reading, words, type Reading } from './number';

export interface Row extends Reading {
  readonly key: string;
  readonly label: string;
}

export class Catalog {
  readonly sports: readonly Sport[];
  private readonly metrics: ReadonlyMap<string, MetricDefinition>;

  constructor(document: SportsDocument) {
    this.sports = document.sports;
    this.metrics = new Map(document.metrics.map((metric) => [metric.key, metric]));
  }

  metric(key: string): MetricDefinition | null {
    return this.metrics.get(key) ?? null;
  }

  sport(name: string): Sport | null {
    return this.sports.find((sport) => sport.name === name) ?? null;
  }

  movementLabel(name: string): string {
    return this.sport(name)?.label ?? words(name);
  }

  /** A number ready for a panel; `null` for none and for a key nobody defined. */
  row(key: string, value: number | null | undefined, uncertainty: number | null = null): Row | null {
    const definition = this.metric(key);
    if (!definition || typeof value !== 'number') return null;
    return { key, label: definition.short_label ?? definition.label, ...reading(definition, value, uncertainty) };
  }

  /** Keys of what a repetition measured, what matters most first. */
  measured({ movement, metrics }: RepetitionData): string[] {
    const keys = Object.keys(metrics).filter((key) => metrics[key] !== null && this.metrics.has(key));
    return this.inOrder(movement, keys);
  }

  /**
   * The rows of a repetition under way: what is known of it so far, then the places of what the one before had besides, so
   * that nothing on the page moves for a moment. Empty when nothing is known.
   */
  provisional(movement: string, interim: ReadonlyMap<string, { value: number }>, before: readonly Row[]): Row[] {
    const known = this.inOrder(movement, [...interim.keys()]).flatMap(
      (key) => this.row(key, interim.get(key)?.value ?? Number.NaN) ?? [],
    );
    if (known.length === 0) return [];
    const open = before.filter(({ key }) => !interim.has(key));
    return [...known, ...open.map((row) => ({ ...row, value: '–', unit: '', error: '' }))];
  }

  /** The rows of a repetition, what matters most first. */
  rows(repetition: RepetitionData, keys: readonly string[] = this.measured(repetition)): Row[] {
    return keys.flatMap((key) => this.row(key, repetition.metrics[key], repetition.uncertainty[key] ?? null) ?? []);
  }

  private inOrder(movement: string, keys: string[]): string[] {
    const order = this.sport(movement)?.headline ?? [];
    const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
    return keys.sort((a, b) => rank(a) - rank(b));
  }
}
