/** Whether a word fits a tile: measured as the browser draws it, so that no label is cut or broken inside a word. */

const fonts = { title: '600 12px system-ui, sans-serif', small: '11px system-ui, sans-serif' } as const;
const widths = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

function widthOf(text: string, font: keyof typeof fonts): number {
  const key = `${font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    context ??= document.createElement('canvas').getContext('2d');
    if (context === null) return Infinity;
    context.font = fonts[font];
    width = context.measureText(text).width;
    // A page that is open for weeks sees many names.
    if (widths.size > 20_000) widths.clear();
    widths.set(key, width);
  }
  return width;
}

/** The first of several ways to say it that fits; undefined where none does. */
export function fitting(
  choices: readonly string[],
  room: number,
  font: keyof typeof fonts,
): string | undefined {
  return choices.find((text) => widthOf(text, font) <= room);
}
