/** Plots as SVG text: bars and curves, readable in light and dark, no library. */

const COLOURS = [
  '#4269d0',
  '#efb118',
  '#ff725c',
  '#6cc5b0',
  '#3ca951',
  '#ff8ab7',
  '#a463f2',
  '#97bbf5',
  '#9c6b4e',
];

export function colourOf(at: number): string {
  return COLOURS[at % COLOURS.length] ?? '#888888';
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly colour: string;
}

/** Horizontal bars, a label before and the value after each. */
export function bars(title: string, list: readonly Bar[]): string {
  const most = Math.max(1e-9, ...list.map((bar) => bar.value));
  const rows = list.map((bar, at) => {
    const y = at * 26;
    const width = (bar.value / most) * 460;
    return (
      `<text x="120" y="${y + 17}" text-anchor="end">${escape(bar.label)}</text>` +
      `<rect x="128" y="${y + 4}" width="${width.toFixed(1)}" height="18" rx="2" fill="${bar.colour}"/>` +
      `<text x="${(134 + width).toFixed(1)}" y="${y + 17}">${escape(bar.text)}</text>`
    );
  });
  return `<svg viewBox="0 0 700 ${list.length * 26 + 4}" role="img" aria-label="${escape(title)}">${rows.join('')}</svg>`;
}

export interface Line {
  readonly label: string;
  readonly colour: string;
  /** x and y from 0 to 1. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Curves on one square of 1 by 1, with horizontal marks. */
export function curves(
  title: string,
  lines: readonly Line[],
  marks: readonly { readonly at: number; readonly text: string }[],
): string {
  const [x, y] = [(value: number) => 50 + value * 640, (value: number) => 230 - value * 220];
  const drawn = lines.map((line) => {
    const points = line.points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    return `<polyline points="${points}" fill="none" stroke="${line.colour}" stroke-width="1.3"><title>${escape(line.label)}</title></polyline>`;
  });
  const drawnMarks = marks.map(
    ({ at, text }) =>
      `<line x1="50" x2="690" y1="${y(at).toFixed(1)}" y2="${y(at).toFixed(1)}" stroke="currentColor" stroke-dasharray="4 4" opacity=".5"/>` +
      `<text x="44" y="${(y(at) + 4).toFixed(1)}" text-anchor="end">${escape(text)}</text>`,
  );
  return `<svg viewBox="0 0 700 240" role="img" aria-label="${escape(title)}">${drawnMarks.join('')}${drawn.join('')}</svg>`;
}
