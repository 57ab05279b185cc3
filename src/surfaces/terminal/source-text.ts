/** Where the sizes of layers are from, and whether the path is the right one, as `plan` and `status` show it to people. */
import { printable } from '../../core/model/printable.ts';
import type { Look } from '../json/look.ts';
import { paragraph } from './list.ts';
import type { TextLook } from './table.ts';

export function sourceText({ snapshot, dataRoot }: Look, look: TextLook): readonly string[] {
  return [
    `layer sizes: ${printable(snapshot.layerSource)}`,
    ...(dataRoot === undefined ? [] : [`warning: ${printable(dataRoot.message)}`]),
  ].flatMap((line) => paragraph(line, look));
}
