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

export interface Group {
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** Upright bars in groups side by side, on one scale; what each stands for is in its tooltip. */
export function groupedBars(
  title: string,
  groups: readonly Group[],
  text: (value: number) => string,
): string {
  const most = Math.max(1e-9, ...groups.flatMap((group) => group.bars.map((bar) => bar.value)));
  const y = (value: number): number => 230 - (value / most) * 215;
  const width = 630 / Math.max(1, groups.length);
  const scale = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = y(part * most).toFixed(1);
    return (
      `<line x1="60" x2="690" y1="${at}" y2="${at}" stroke="currentColor" opacity=".2"/>` +
      `<text x="54" y="${(Number(at) + 4).toFixed(1)}" text-anchor="end">${escape(text(part * most))}</text>`
    );
  });
  const drawn = groups.map((group, place) => {
    const left = 60 + place * width;
    const each = (width * 0.86) / Math.max(1, group.bars.length);
    const upright = group.bars.map((bar, at) => {
      const x = left + width * 0.07 + at * each;
      return `<rect x="${x.toFixed(1)}" y="${y(bar.value).toFixed(1)}" width="${(each * 0.9).toFixed(1)}" height="${(230 - y(bar.value)).toFixed(1)}" fill="${bar.colour}"><title>${escape(`${bar.label}, ${group.label}: ${bar.text}`)}</title></rect>`;
    });
    return `${upright.join('')}<text x="${(left + width / 2).toFixed(1)}" y="248" text-anchor="middle">${escape(group.label)}</text>`;
  });
  return `<svg viewBox="0 0 700 256" role="img" aria-label="${escape(title)}">${scale.join('')}${drawn.join('')}</svg>`;
}

export interface Line {
  readonly label: string;
  readonly colour: string;
  /** x and y from 0 to 1. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A place on an axis, from 0 to 1. */
export interface Mark {
  readonly at: number;
  readonly text: string;
}

const STRIP = 90;

/** A strip for each line, one below another on the same scale, with marks across each and below the last. */
export function strips(
  title: string,
  lines: readonly Line[],
  marks: readonly Mark[],
  below: readonly Mark[],
): string {
  const x = (value: number): number => 150 + value * 480;
  const drawn = lines.map((line, place) => {
    const top = place * STRIP;
    const y = (value: number): string => (top + 78 - value * 70).toFixed(1);
    const points = line.points.map(([at, value]) => `${x(at).toFixed(1)},${y(value)}`).join(' ');
    const [first, last] = [line.points[0], line.points.at(-1)];
    const area =
      first === undefined || last === undefined
        ? ''
        : `<polygon points="${x(first[0]).toFixed(1)},${y(0)} ${points} ${x(last[0]).toFixed(1)},${y(0)}" fill="${line.colour}" opacity=".25"/>`;
    const across = marks.map(
      ({ at, text }) =>
        `<line x1="150" x2="630" y1="${y(at)}" y2="${y(at)}" stroke="currentColor" stroke-dasharray="3 3" opacity=".5"/>` +
        `<text x="636" y="${(Number(y(at)) + 4).toFixed(1)}">${escape(text)}</text>`,
    );
    return (
      `<text x="142" y="${top + 48}" text-anchor="end">${escape(line.label)}</text>${area}` +
      `<polyline points="${points}" fill="none" stroke="${line.colour}" stroke-width="1.5"><title>${escape(line.label)}</title></polyline>${across.join('')}`
    );
  });
  const height = lines.length * STRIP;
  const times = below.map(
    ({ at, text }) =>
      `<text x="${x(at).toFixed(1)}" y="${height + 8}" text-anchor="${at < 1 ? 'middle' : 'end'}">${escape(text)}</text>`,
  );
  return `<svg viewBox="0 0 740 ${height + 16}" role="img" aria-label="${escape(title)}">${drawn.join('')}${times.join('')}</svg>`;
}
