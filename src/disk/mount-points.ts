/** Where other filesystems (or other folders) are mounted below a path. */
import { readFile } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import { unreadablePath } from './error.ts';

/**
 * Mount points below the tops, from /proc/self/mountinfo (proc(5): field 5, octal escapes for blanks). None where there
 * is no such file: there the device numbers alone say where a mount point is.
 */
export async function mountPointsBelow(tops: readonly string[]): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw unreadablePath('/proc/self/mountinfo', errnoOf(error), error);
  });
  const points: string[] = [];
  for (const line of text.split('\n')) {
    const point = line
      .split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (point === undefined) continue;
    const isTop = tops.includes(point);
    if (!isTop && tops.some((top) => point.startsWith(top === '/' ? '/' : `${top}/`))) points.push(point);
  }
  return points;
}
