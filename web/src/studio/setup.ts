/** The form in which a measurement is set up. */

import { CameraError, cameras, closeCamera, openCamera } from '../api/camera';
import type { Problem } from '../api/problem';
import type { Quality } from '../api/types';
import { h, say, show } from '../dom';
import { icon } from '../draw/icons';
import type { Catalog } from '../format/catalog';
import { text } from '../text/en';
import { load, save, type Preferences } from './preferences';
import type { Wanted } from './run';

const QUALITIES: readonly Quality[] = ['fast', 'balanced', 'accurate'];

/** Which input a member of the request is entered in. */
const FIELDS: Readonly<Record<string, string>> = {
  sport_type: 'movement',
  quality: 'quality',
  'athlete.height_m': 'height',
  'athlete.mass_kg': 'mass',
};

const t = text.setup;

export class Setup {
  readonly root: HTMLFormElement;
  private readonly preferences: Preferences = load();
  private readonly camera = h('select', { id: 'camera', name: 'camera', change: () => this.read() });
  private readonly cameraRow: HTMLElement;
  private readonly movement = h('select', { id: 'movement', name: 'movement', change: () => this.read() });
  private readonly height = this.number('height', this.preferences.heightCm, t.heightUnit);
  private readonly mass = this.number('mass', this.preferences.massKg, t.massUnit);
  private readonly start = h('button', { class: 'primary large', type: 'submit' }, icon('play'), h('span'));
  private readonly tryDemo = h('button', { class: 'link', type: 'button', click: () => this.submit('demo') }, t.tryDemo);
  private readonly privacy = h('p', { class: 'small dim' }, t.privacy);
  private readonly general = h('p', { class: 'form-error', role: 'alert', hidden: true });

  constructor(private readonly begin: (wanted: Wanted) => void) {
    const list = h('button', { type: 'button', class: 'quiet', click: () => void this.listCameras() }, t.showCameras);
    this.cameraRow = h(
      'div',
      { class: 'field' },
      h('label', { for: 'camera' }, t.whichCamera),
      h('div', { class: 'joined' }, h('div', { class: 'select' }, this.camera), list),
    );
    this.root = h(
      'form',
      {
        class: 'card setup',
        novalidate: true,
        'aria-labelledby': 'setup-title',
        submit: (event: Event) => this.submitted(event),
      },
      h('h2', { id: 'setup-title' }, t.title),
      this.choice('source', t.source, { camera: t.camera, demo: t.demo }, this.preferences.source, {
        camera: 'camera',
        demo: 'athlete',
      }),
      this.cameraRow,
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'movement' }, t.movement),
        h('div', { class: 'select' }, this.movement),
        this.errorOf('movement'),
      ),
      h(
        'div',
        { class: 'pair' },
        this.field('height', t.height, this.height, t.whyHeight),
        this.field('mass', t.mass, this.mass, t.whyMass),
      ),
      this.choice('quality', t.quality, Object.fromEntries(QUALITIES.map((q) => [q, t.qualities[q]])), this.preferences.quality),
      this.general,
      this.start,
      this.tryDemo,
      this.privacy,
    );
    this.fillCameras([]);
    this.fillMovements(null);
    this.sync();
    // Browsers tell the names of cameras only to pages that were allowed one before.
    void cameras().then((found) => found.some((camera) => camera.label) && this.fillCameras(found));
  }

  fillMovements(catalog: Catalog | null): void {
    const options = (catalog?.sports ?? []).map(({ name, label }) => h('option', { value: name }, label));
    this.movement.replaceChildren(h('option', { value: 'auto' }, t.auto), ...options);
    this.movement.value = this.preferences.movement;
    if (this.movement.selectedIndex < 0) this.movement.value = 'auto';
  }

  /** Whether a problem is about one of the inputs. */
  owns(problem: Problem): boolean {
    return problem.field !== null && problem.field in FIELDS;
  }

  /** Puts a problem at the input it is about. */
  complain(problem: Problem): void {
    const name = FIELDS[problem.field ?? ''] ?? '';
    this.mark(name, problem.detail || problem.title);
    this.root.querySelector<HTMLElement>(`#${name}, [name=${name}]:checked`)?.focus();
  }

  private forgive(): void {
    for (const name of Object.values(FIELDS)) this.mark(name, null);
    show(this.general, false);
  }

  submit(source: Wanted['source'] = this.preferences.source): void {
    this.read();
    this.forgive();
    const { movement, heightCm, massKg, quality, camera } = this.preferences;
    const height_m = this.entered('height', heightCm, 100);
    const mass_kg = this.entered('mass', massKg, 1);
    if (Number.isNaN(height_m) || Number.isNaN(mass_kg)) return;
    const athlete = { ...(height_m !== undefined && { height_m }), ...(mass_kg !== undefined && { mass_kg }) };
    const request = { sport_type: movement, quality, ...(Object.keys(athlete).length > 0 && { athlete }) };
    this.begin({ source, camera, request });
  }

  /** The number in an input in the unit of the API, `undefined` when empty; one that is none is marked. */
  private entered(id: string, input: string, perUnit: number): number | undefined {
    if (input === '') return undefined;
    const value = Number(input) / perUnit;
    if (Number.isNaN(value)) this.mark(id, t.notANumber);
    return value;
  }

  private submitted(event: Event): void {
    event.preventDefault();
    this.submit();
  }

  private number(id: string, value: string, unit: string): HTMLElement {
    const input = h('input', {
      id,
      name: id,
      type: 'text',
      inputmode: 'decimal',
      autocomplete: 'off',
      value,
      placeholder: t.optional,
      input: () => this.read(),
    });
    return h('div', { class: 'with-unit' }, input, h('span', { class: 'dim', 'aria-hidden': 'true' }, unit));
  }

  private field(id: string, label: string, control: HTMLElement, why: string): HTMLElement {
    control.querySelector('input')?.setAttribute('aria-describedby', `${id}-why ${id}-error`);
    return h(
      'div',
      { class: 'field' },
      h('label', { for: id }, label),
      control,
      this.errorOf(id),
      h('p', { class: 'small dim', id: `${id}-why` }, why),
    );
  }

  private errorOf(id: string): HTMLElement {
    return h('p', { class: 'field-error', id: `${id}-error`, role: 'alert', hidden: true });
  }

  private choice(
    name: string,
    label: string,
    options: Record<string, string>,
    chosen: string,
    icons: Record<string, 'camera' | 'athlete'> = {},
  ): HTMLElement {
    const entries = Object.entries(options).map(([value, words]) => {
      const input = h('input', {
        type: 'radio',
        name,
        value,
        id: `${name}-${value}`,
        checked: value === chosen,
        change: () => this.read(),
      });
      const symbol = icons[value];
      return h('label', { class: 'option' }, input, h('span', {}, symbol ? icon(symbol) : null, words));
    });
    return h(
      'fieldset',
      { class: 'field' },
      h('legend', {}, label),
      h('div', { class: 'segments' }, ...entries),
      this.errorOf(name),
    );
  }

  private mark(name: string, message: string | null): void {
    const error = this.root.querySelector<HTMLElement>(`#${name}-error`);
    if (error) {
      say(error, message ?? '');
      show(error, message !== null);
    }
    const input = this.root.querySelector(`#${name}`);
    if (message === null) input?.removeAttribute('aria-invalid');
    else input?.setAttribute('aria-invalid', 'true');
  }

  private chosen(name: string): string {
    return this.root.querySelector<HTMLInputElement>(`[name=${name}]:checked`)?.value ?? '';
  }

  private read(): void {
    const entered = (id: string) => (this.root.querySelector<HTMLInputElement>(`#${id}`)?.value ?? '').trim().replace(',', '.');
    Object.assign(this.preferences, {
      source: this.chosen('source'),
      camera: this.camera.value || null,
      movement: this.movement.value,
      heightCm: entered('height'),
      massKg: entered('mass'),
      quality: this.chosen('quality'),
    });
    save(this.preferences);
    this.sync();
  }

  private sync(): void {
    const demo = this.preferences.source === 'demo';
    show(this.cameraRow, !demo);
    show(this.tryDemo, !demo);
    show(this.privacy, !demo);
    const label = this.start.querySelector('span');
    if (label) say(label, demo ? t.startDemo : t.start);
  }

  private fillCameras(found: readonly { id: string; label: string }[]): void {
    const options = found
      .filter(({ id }) => id !== '')
      .map(({ id, label }, i) => h('option', { value: id }, label || t.unnamedCamera(i + 1)));
    this.camera.replaceChildren(h('option', { value: '' }, t.anyCamera), ...options);
    this.camera.value = this.preferences.camera ?? '';
    if (this.camera.selectedIndex < 0) this.camera.value = '';
  }

  /** Asks for a camera, because only then its name and those of the others are told. */
  private async listCameras(): Promise<void> {
    try {
      closeCamera(await openCamera(null));
      this.fillCameras(await cameras());
      this.camera.focus();
    } catch (error) {
      const fault = error instanceof CameraError ? error.fault : 'missing';
      say(this.general, `${text.fault.title[fault]}. ${text.fault.detail[fault]}`);
      show(this.general, true);
    }
  }
}
