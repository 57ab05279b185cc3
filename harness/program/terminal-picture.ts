/** A terminal's screen, colours included, as SVG: a picture for the README that is text and small. */

const colours: Readonly<Record<string, string>> = {
  '31': '#e5534b',
  '32': '#57ab5a',
  '33': '#c69026',
  '34': '#539bf5',
};
const cell = { width: 8.4, height: 18 };

interface Run {
  readonly text: string;
  readonly colour: string | undefined;
  readonly isBold: boolean;
}

/** One line's runs of the same look. */
function runsOf(line: string): readonly Run[] {
  const runs: Run[] = [];
  let colour: string | undefined;
  let isBold = false;
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    const codes = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
    if (codes === undefined) {
      if (part !== '') runs.push({ text: part, colour, isBold });
      continue;
    }
    for (const code of codes === '' ? ['0'] : codes.split(';')) {
      if (code === '0') [colour, isBold] = [undefined, false];
      else if (code === '1') isBold = true;
      else if (code === '22') isBold = false;
      else if (code === '39') colour = undefined;
      else colour = colours[code] ?? colour;
    }
  }
  return runs;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function terminalPicture(screen: string, columns: number, description: string): string {
  const lines = screen.replace(/\s+$/, '').split('\n');
  const [width, height] = [Math.ceil(columns * cell.width) + 32, lines.length * cell.height + 32];
  const drawn = lines.map((line, row) => {
    let column = 0;
    const spans = runsOf(line).map(({ text, colour, isBold }) => {
      const x = (16 + column * cell.width).toFixed(1);
      const length = [...text].length;
      column += length;
      const look = `${colour === undefined ? '' : ` fill="${colour}"`}${isBold ? ' font-weight="bold"' : ''}`;
      return `<tspan x="${x}" textLength="${(length * cell.width).toFixed(1)}"${look}>${escaped(text)}</tspan>`;
    });
    return `<text y="${30 + row * cell.height}" xml:space="preserve">${spans.join('')}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(description)}">`,
    `<rect width="100%" height="100%" rx="8" fill="#1c2128"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#cdd9e5">`,
    ...drawn,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
