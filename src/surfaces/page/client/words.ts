/** Words and figures that several parts of the page use. */

/** How a part of the store is shown: its state, or that it is about to go. */
export type StateStyle = 'victim' | 'in-use' | 'protected' | 'held' | 'unused' | 'leftover';

/** From what is deleted first to what is kept. */
export const looks: readonly StateStyle[] = ['victim', 'unused', 'leftover', 'held', 'protected', 'in-use'];

export const lookNames: Readonly<Record<StateStyle, string>> = {
  victim: 'deleted next',
  unused: 'unused',
  leftover: 'held by nothing',
  held: 'held by builds or pulls',
  protected: 'protected',
  'in-use': 'in use',
};

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
const secondFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const dayFormat = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/** `14:02`, with the day where it is not today's. */
export function timeText(atMs: number, nowMs: number): string {
  const clock = clockFormat.format(atMs);
  return dayFormat.format(atMs) === dayFormat.format(nowMs) ? clock : `${dayFormat.format(atMs)}, ${clock}`;
}

/** For an axis over a time of this length. */
export function axisText(atMs: number, spanMs: number): string {
  if (spanMs < 600_000) return secondFormat.format(atMs);
  return spanMs > 2 * 86_400_000 ? dayFormat.format(atMs) : clockFormat.format(atMs);
}

/** `quay.io/jupyter/scipy-notebook:2024` → `scipy-notebook:2024`; an ID is shortened. */
export function shortName(name: string): string {
  if (name.startsWith('sha256:')) return name.slice(7, 19);
  const [path = name] = name.split('@', 1);
  return path.slice(path.lastIndexOf('/') + 1);
}
