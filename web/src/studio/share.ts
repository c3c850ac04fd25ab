/** The dialog that makes the address of the broadcast overlay. */

import { overlayUrl } from '../api/client';
import { h, say } from '../dom';
import { icon } from '../draw/icons';
import { LAYOUTS, THEMES } from '../overlay/options';
import { text } from '../text/en';

const t = text.share;

export class Share {
  readonly root: HTMLDialogElement;
  private readonly layout = this.select('share-layout', LAYOUTS, t.layouts);
  private readonly theme = this.select('share-theme', THEMES, t.themes);
  private readonly name = h('input', { id: 'share-name', type: 'text', autocomplete: 'off', input: () => this.refresh() });
  private readonly address = h('input', {
    id: 'share-address',
    type: 'text',
    readonly: true,
    class: 'code',
    focus: () => this.address.select(),
  });
  private readonly copied = h('span', { role: 'status' }, t.copy);
  private readonly open = h('a', { class: 'button quiet', target: '_blank', rel: 'noopener' }, icon('open'), t.open);
  private analysis = '';

  constructor() {
    const field = (label: string, control: HTMLElement) =>
      h('div', { class: 'field' }, h('label', { for: control.id }, label), control);
    const wrapped = (control: HTMLElement) => h('div', { class: 'select' }, control);
    this.root = h(
      'dialog',
      { class: 'card share', 'aria-labelledby': 'share-title' },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { id: 'share-title' }, t.title),
        h(
          'button',
          { type: 'button', class: 'icon-button', 'aria-label': t.close, click: () => this.root.close() },
          icon('close'),
        ),
      ),
      h('p', { class: 'dim' }, t.lead),
      h(
        'div',
        { class: 'pair' },
        h('div', { class: 'field' }, h('label', { for: 'share-layout' }, t.layout), wrapped(this.layout)),
        h('div', { class: 'field' }, h('label', { for: 'share-theme' }, t.theme), wrapped(this.theme)),
      ),
      field(t.name, this.name),
      field(t.address, this.address),
      h(
        'div',
        { class: 'row' },
        h('button', { type: 'button', class: 'primary', click: () => void this.copy() }, icon('copy'), this.copied),
        this.open,
      ),
    );
  }

  show(analysis: string): void {
    this.analysis = analysis;
    this.refresh();
    this.root.showModal();
  }

  private select(id: string, values: readonly string[], labels: Readonly<Record<string, string>>): HTMLSelectElement {
    return h(
      'select',
      { id, change: () => this.refresh() },
      ...values.map((value) => h('option', { value }, labels[value] ?? value)),
    );
  }

  private refresh(): void {
    const url = new URL(overlayUrl(this.analysis), location.href);
    if (this.layout.value !== LAYOUTS[0]) url.searchParams.set('layout', this.layout.value);
    if (this.theme.value !== THEMES[0]) url.searchParams.set('theme', this.theme.value);
    if (this.name.value.trim()) url.searchParams.set('name', this.name.value.trim());
    this.address.value = url.href;
    this.open.href = url.href;
    say(this.copied, t.copy);
  }

  private async copy(): Promise<void> {
    this.address.select();
    try {
      await navigator.clipboard.writeText(this.address.value);
      say(this.copied, t.copied);
    } catch {
      // Pages without TLS have no clipboard, and a browser may refuse.
      say(this.copied, t.selected);
    }
  }
}
