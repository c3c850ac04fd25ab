/** What greets somebody who has not started yet. */

import { h } from '../dom';
import { icon, type IconName } from '../draw/icons';
import { text } from '../text/en';
import { figure } from './figure';

const TIP_ICONS: readonly IconName[] = ['side', 'body', 'steady'];

export function intro(): HTMLElement {
  const { title, lead, tips } = text.intro;
  const items = tips.map((tip, i) =>
    h('li', {}, icon(TIP_ICONS[i] ?? 'hint'), h('span', {}, h('strong', {}, tip.title), h('span', { class: 'dim' }, tip.detail))),
  );
  return h(
    'div',
    { class: 'intro' },
    h('h1', {}, title),
    h('p', { class: 'lead' }, lead),
    figure(),
    h('ul', { class: 'tips' }, ...items),
  );
}
