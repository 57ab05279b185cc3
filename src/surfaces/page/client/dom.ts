/** Making elements. Text goes in as text, never as HTML: names of images are other people's. */
import { printable, printableLines } from '../../../core/model/printable.ts';

/** The longest text in one place. */
const LONGEST = 4000;

type Child = Node | string | undefined;
type Tag = keyof HTMLElementTagNameMap;
type Element<S> = S extends `${infer T extends Tag}.${string}`
  ? HTMLElementTagNameMap[T]
  : S extends Tag
    ? HTMLElementTagNameMap[S]
    : never;

/** Attributes; those that are undefined are left out. */
interface Properties {
  readonly style?: Partial<Pick<CSSStyleDeclaration, 'left' | 'top' | 'width' | 'height' | 'background'>>;
  readonly [attribute: string]: string | undefined | Properties['style'];
}

/** An element by its tag and classes, as in `p.muted.small`, with attributes and what it holds. */
export function h<S extends Tag | `${Tag}.${string}`>(
  selector: S,
  ...parts: readonly (Child | Properties)[]
): Element<S> {
  const [tag = '', ...classes] = selector.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const each of parts) {
    if (each instanceof Node) element.append(each);
    else if (typeof each === 'string') element.append(unbroken(each));
    else
      for (const [name, value] of Object.entries(each ?? {})) {
        // The page's policy allows no style in markup; set like this it is none.
        if (typeof value === 'object') Object.assign(element.style, value);
        else if (value !== undefined)
          element.setAttribute(name, name === 'title' ? printableLines(value) : value);
      }
  }
  // What a tag makes is what its entry in the table of tags says.
  return element as Element<S>;
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

/** By element: what it was filled with. */
const filledWith = new WeakMap<HTMLElement, string>();

/** Replaces what an element holds, unless nothing changes: a selection is kept. */
export function fill(element: HTMLElement, ...children: readonly Child[]): void {
  const next = h('div', ...children);
  const html = next.innerHTML;
  if (filledWith.get(element) === html) return;
  filledWith.set(element, html);
  element.replaceChildren(...next.childNodes);
}

export function setText(element: HTMLElement, text: string): void {
  const next = unbroken(text);
  if (element.textContent !== next) element.textContent = next;
}

/** A column of a table. */
export interface Head {
  readonly title: string;
  readonly class?: string;
  /** What labels its cells on a narrow screen; '' where they speak for themselves. */
  readonly label?: string;
}

/** A table whose rows become cards on a narrow screen, unless it is narrow itself. */
export function table(
  caption: string,
  head: readonly Head[],
  body: HTMLElement,
  isNarrow = false,
): HTMLTableElement {
  const titles = head.map(({ title, class: kind }) => h('th', { scope: 'col', class: kind }, title));
  return h(
    isNarrow ? 'table' : 'table.stack',
    h('caption.unseen', caption),
    h('thead', h('tr', ...titles)),
    body,
  );
}

/** A row below these titles; a cell may hold several things. */
export function row(
  head: readonly Head[],
  cells: readonly (Child | readonly Child[])[],
  kind?: string,
): HTMLElement {
  const each = head.map(({ title, class: of, label = title }, at) =>
    h('td', { class: of, 'data-label': label || undefined }, ...[cells[at]].flat()),
  );
  return h('tr', { class: kind }, ...each);
}

/** What stands before a name in the colour of its kind. */
export function swatch(kind: string, background = ''): HTMLElement {
  return h('span', { class: `swatch ${kind}`, style: { background }, 'aria-hidden': 'true' });
}

/** What fits every screen is not broken; a hash may be. */
const WHOLE = 28;

/** A name that may be broken where its parts end, and within a part only where that is longer than a line. */
export function broken(name: string): readonly (Node | string)[] {
  return name.split(/(?<=[/:@])/).flatMap((piece, at) => {
    const word = piece.length <= WHOLE && piece.includes('-') ? h('span.nowrap', piece) : piece;
    return at === 0 ? [word] : [h('wbr'), word];
  });
}
