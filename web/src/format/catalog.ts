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

  /** A number ready for a panel; `null` for a key nobody defined. */
  row(key: string, value: number, uncertainty: number | null = null): Row | null {
    const definition = this.metric(key);
    if (!definition) return null;
    return { key, label: definition.short_label ?? definition.label, ...reading(definition, value, uncertainty) };
  }

  /** Keys of what a repetition measured, what matters most first. */
  measured(repetition: RepetitionData): string[] {
    const order = this.sport(repetition.movement)?.headline ?? [];
    const keys = Object.keys(repetition.metrics).filter((key) => repetition.metrics[key] !== null && this.metrics.has(key));
    const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
    return keys.sort((a, b) => rank(a) - rank(b));
  }

  /** The rows of a repetition, what matters most first. */
  rows(repetition: RepetitionData, keys: readonly string[] = this.measured(repetition)): Row[] {
    return keys.flatMap((key) => {
      const value = repetition.metrics[key];
      const row = typeof value === 'number' ? this.row(key, value, repetition.uncertainty[key] ?? null) : null;
      return row ? [row] : [];
    });
  }
}
