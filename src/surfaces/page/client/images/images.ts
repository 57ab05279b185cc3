/**
 * The list of images: what is deleted next and why, what is kept and why. Searched, filtered, sorted; as many rows as one has
 * scrolled to, so that thousands of images cost no more than the first of them.
 */
import { kindNames } from '../../../json/space-names.ts';
import { formatBytes, formatDuration } from '../../../../core/model/format.ts';
import type { Layers, Status } from '../data.ts';
import { broken, fill, h, part, row, setText, swatch, table } from '../dom.ts';
import {
  chosenRows,
  type Filter,
  filters,
  isIn,
  type Order,
  orders,
  type Row,
  rowsOf,
} from './image-rows.ts';
import { shortName } from '../words.ts';

/** Rows added at a time. */
const PAGE = 100;

const filterNames: Readonly<Record<Filter, string>> = {
  all: 'All',
  next: 'Deleted next',
  unused: 'Unused',
  protected: 'Protected',
  'in-use': 'In use',
};
const orderNames: Readonly<Record<Order, string>> = {
  order: 'order of deletion',
  size: 'size',
  frees: 'what it frees',
  idle: 'last use',
  name: 'name',
};
const stateNames: Readonly<Record<Row['state'], string>> = {
  'in-use': 'in use',
  protected: 'protected',
  unused: 'unused',
};
const head = [
  { title: '#', label: 'Order', class: 'num' },
  { title: 'Name', label: '', class: 'name' },
  { title: 'Size', class: 'num' },
  { title: 'Frees', class: 'num' },
  { title: 'State', class: 'nowrap' },
  { title: 'Last used', class: 'nowrap' },
  { title: 'Why', label: '', class: 'whole' },
];

const count = new Intl.NumberFormat('en');

export class ImageList {
  readonly #body = h('tbody');
  readonly #search = h('input', {
    ...{ type: 'search', id: 'image-search', autocomplete: 'off', spellcheck: 'false' },
    placeholder: 'Search names, containers, reasons',
  });
  readonly #sort = h('select', { id: 'image-sort' });
  readonly #filters = h('div.choices', { role: 'group', 'aria-label': 'Images shown' });
  readonly #note = h('p.muted.small', { role: 'status', id: 'image-note' });
  readonly #more = h('button.more', { type: 'button', hidden: '' }, `Show ${PAGE} more`);
  #rows: readonly Row[] = [];
  #isActive = false;
  /** Undefined until somebody chooses. */
  #filter: Filter | undefined;
  #order: Order | undefined;
  #limit = PAGE;

  /** @param onChosen receives the ID of an image that somebody wants to see on the map. */
  constructor(onChosen: (id: string) => void) {
    for (const filter of filters) {
      const button = h('button', { type: 'button', 'data-filter': filter, 'aria-pressed': 'false' });
      button.addEventListener('click', () => {
        this.#filter = filter;
        this.#again();
      });
      this.#filters.append(button);
    }
    for (const order of orders) this.#sort.append(h('option', { value: order }, orderNames[order]));
    this.#sort.addEventListener('change', () => {
      this.#order = orders.find((order) => order === this.#sort.value);
      this.#again();
    });
    this.#search.addEventListener('input', () => {
      this.#again();
    });
    this.#more.addEventListener('click', () => {
      this.#grow();
    });
    this.#body.addEventListener('click', ({ target }) => {
      const id = target instanceof Element ? target.closest('button')?.dataset['id'] : undefined;
      if (id !== undefined) onChosen(id);
    });
    const region = h(
      'div.scroll',
      { role: 'region', tabindex: '0', 'aria-label': 'List of images' },
      table('Images, what deleting each would free, and why it is deleted or kept', head, this.#body),
      this.#more,
    );
    // Rows come as one scrolls to the end; the button is for who does not scroll.
    new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) this.#grow();
      },
      { root: region, rootMargin: '200px' },
    ).observe(this.#more);
    part('images-body').replaceChildren(
      h(
        'div.controls',
        h('label', h('span.unseen', 'Search images'), this.#search),
        this.#filters,
        h('label.small.muted', 'Sort by ', this.#sort),
      ),
      this.#note,
      region,
    );
  }

  /** @param isActive a sweep is due or under way: what is deleted next is what one wants to see. */
  update(layers: Layers, status: Status, isActive: boolean): void {
    this.#rows = rowsOf(layers, status);
    this.#isActive = isActive;
    this.#draw();
  }

  #again(): void {
    this.#limit = PAGE;
    this.#draw();
  }

  #grow(): void {
    if (this.#more.hidden) return;
    this.#limit += PAGE;
    this.#draw();
  }

  #draw(): void {
    const filter = this.#filter ?? 'all';
    const order = this.#order ?? (this.#isActive || filter === 'next' ? 'order' : 'size');
    const rows = chosenRows(this.#rows, filter, this.#search.value, order);
    this.#sort.value = order;
    for (const button of this.#filters.querySelectorAll('button')) {
      const each = filters.find((name) => name === button.dataset['filter']) ?? 'all';
      button.setAttribute('aria-pressed', String(each === filter));
      const name = each === 'next' && !this.#isActive ? 'Next in line' : filterNames[each];
      setText(button, `${name} ${count.format(this.#rows.filter((row) => isIn(row, each)).length)}`);
    }
    const shown = rows.slice(0, this.#limit);
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['id'] : undefined;
    fill(this.#body, ...shown.map((each) => this.#row(each)));
    if (focused !== undefined)
      this.#body.querySelector<HTMLElement>(`button[data-id="${CSS.escape(focused)}"]`)?.focus();
    this.#more.hidden = shown.length === rows.length;
    const total = count.format(rows.length);
    setText(
      this.#note,
      rows.length === 0
        ? 'Nothing matches.'
        : shown.length === rows.length
          ? `${total} shown`
          : `${count.format(shown.length)} of ${total} shown; scroll for the rest`,
    );
  }

  #row(shown: Row): HTMLElement {
    const isNext = this.#isActive && shown.order !== null;
    const { id, names, frees } = shown;
    const label = names.length > 0 ? shown.name : shortName(shown.name);
    const cells = [
      shown.order === null ? '' : String(shown.order),
      [
        h('button.plain', { type: 'button', 'data-id': id, title: names.join('\n') || id }, ...broken(label)),
        names.length > 1 ? h('span.muted', ` +${names.length - 1}`) : undefined,
        shown.kind === 'image' ? undefined : h('span.tag', kindNames[shown.kind]),
      ],
      formatBytes(shown.sizeBytes),
      `${frees.exact ? '' : '~'}${formatBytes(frees.bytes)}`,
      [
        swatch(`small s-${isNext ? 'victim' : shown.state}`),
        ` ${isNext ? 'deleted next' : stateNames[shown.state]}`,
      ],
      lastUsed(shown),
      shown.reason,
    ];
    return row(head, cells, isNext ? 'is-next' : undefined);
  }
}

function lastUsed({ state, idleSeconds, wasUsed }: Row): string {
  if (state === 'in-use') return 'now';
  if (idleSeconds === null) return '–';
  return wasUsed === true ? `${formatDuration(idleSeconds)} ago` : `not in ${formatDuration(idleSeconds)}`;
}
