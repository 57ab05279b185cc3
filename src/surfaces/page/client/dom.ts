/** Making elements. Text goes in as text, never as HTML: names of images are other people's. */
import { printable, printableLines } from '../../../core/model/printable.ts';

/** The longest text in one place. */
const LONGEST = 4000;

type Child = Node | string | undefined;

interface Properties {
  readonly class?: string | undefined;
  readonly [attribute: string]: string | undefined;
}

/** An element; attributes that are undefined are left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (value !== undefined) element.setAttribute(name, name === 'title' ? printableLines(value) : value);
  for (const child of children)
    if (child !== undefined) element.append(typeof child === 'string' ? unbroken(child) : child);
  return element;
}

/** Text as it may be shown, with each figure and its unit on one line. */
function unbroken(text: string): string {
  return printable(text, LONGEST).replace(/(\d) (?=(?:%|[kMGTP]?B)(?:\W|$))/g, '$1\u00a0');
}

/** The element of the page with this ID. @throws Error where the page has none: a mistake of ours. */
export function part(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** By element: what it was filled with, before lengths and places were set on it. */
const filledWith = new WeakMap<HTMLElement, string>();

/** Replaces what an element holds, unless nothing changes: an open `details` remains open, a selection is kept. */
export function fill(element: HTMLElement, ...children: readonly Child[]): void {
  const next = h('div', {}, ...children);
  const html = next.innerHTML;
  if (filledWith.get(element) === html) return;
  filledWith.set(element, html);
  const open = [...element.querySelectorAll('details')].map((details) => details.open);
  element.replaceChildren(...next.childNodes);
  element.querySelectorAll('details').forEach((details, place) => {
    details.open = open[place] ?? false;
  });
}

export function setText(element: HTMLElement, text: string): void {
  const next = unbroken(text);
  if (element.textContent !== next) element.textContent = next;
}

/** A table whose rows become cards on a narrow screen, unless it is narrow itself. */
export function table(
  caption: string,
  head: readonly { readonly title: string; readonly class?: string; readonly isTitle?: boolean }[],
  rows: readonly (readonly Child[])[],
  isNarrow = false,
): HTMLTableElement {
  return h(
    'table',
    { class: isNarrow ? undefined : 'stack' },
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      {},
      h('tr', {}, ...head.map(({ title, class: kind }) => h('th', { scope: 'col', class: kind }, title))),
    ),
    h(
      'tbody',
      {},
      ...rows.map((row) =>
        h(
          'tr',
          {},
          ...row.map((cell, column) => {
            const { title, class: kind, isTitle } = head[column] ?? { title: '' };
            return h('td', { class: kind, 'data-label': isTitle === true ? undefined : title }, cell);
          }),
        ),
      ),
    ),
  );
}

/** What fits every screen is not broken; a hash may be. */
const WHOLE = 28;

/** A name that may be broken where its parts end, and within a part only where that is longer than a line. */
export function broken(name: string): readonly (Node | string)[] {
  return name.split(/(?<=[/:@])/).flatMap((piece, at) => {
    const word = piece.length <= WHOLE && piece.includes('-') ? h('span', { class: 'nowrap' }, piece) : piece;
    return at === 0 ? [word] : [document.createElement('wbr'), word];
  });
}
