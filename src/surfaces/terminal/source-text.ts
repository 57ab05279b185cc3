/** Which engine this is, where the sizes of layers are from, and whether the path is the right one, for people. */
import { printable } from '../../core/model/printable.ts';
import { describeWindow, type WindowState } from '../../core/model/window.ts';
import { type UnusedSummary, unusedText } from '../../core/model/unused.ts';
import type { Look } from '../json/look.ts';
import { paragraph } from './list.ts';
import type { TextLook } from './table.ts';

/** The first line of a command. @param why it is this one */
export function engineText(
  { name, version, endpoint, apiVersion }: Look['engine'],
  why: string,
  look: TextLook,
): readonly string[] {
  return paragraph(printable(`${name} ${version} at ${endpoint}, API ${apiVersion} (${why})`), look);
}

export function sourceText({ snapshot, dataRoot }: Look, look: TextLook): readonly string[] {
  return [
    `layer sizes: ${printable(snapshot.layerSource)}`,
    ...(dataRoot === undefined ? [] : [`warning: ${printable(dataRoot.message)}`]),
  ].flatMap((line) => paragraph(line, look));
}

/** What is deleted for being unused, where that is set. */
export function unusedLine(unused: UnusedSummary | undefined, look: TextLook): readonly string[] {
  return unused === undefined ? [] : paragraph(unusedText(unused), look);
}

/** Whether sweeps may begin now, where that is limited. */
export function windowText(window: WindowState | undefined, look: TextLook): readonly string[] {
  if (window === undefined) return [];
  const means = window.open ? 'sweeps may begin' : 'sweeps begin only at the critical threshold';
  return paragraph(`window: ${describeWindow(window)}: ${means}`, look);
}
