/** What a replay says, in sentences: which policy fetches least again, and how much less could be fetched at best. */
import { formatBytes } from '../../core/model/format.ts';
import type { Figures } from '../replay/figures.ts';
import type { Result } from '../simulate.ts';

export function conclusion({ rows, bounds }: Result): readonly string[] {
  const policies = rows.filter((row) => !row.isReference);
  const best = least(policies);
  if (best === undefined) return [];
  const bound = bounds.find(({ name }) => name === 'lower-bound');
  return [
    ...compared(best, policies, rows),
    ...(bound === undefined || best.refetchedBytes === 0
      ? []
      : [
          `Even a policy that knows the future fetches ${formatBytes(bound.refetchedBytes)} again; ` +
            `${best.policy} fetches ${formatBytes(best.refetchedBytes)}.`,
        ]),
  ];
}

function compared(best: Figures, policies: readonly Figures[], rows: readonly Figures[]): readonly string[] {
  if (rows.every((row) => row.refetchedBytes === 0)) return ['Nothing that was deleted was needed again.'];
  const others = [
    ...policies.filter((row) => row !== best),
    ...rows.filter((row) => row.isReference && row.policy !== 'clairvoyant'),
  ];
  if (others.length === 0) return [];
  if (policies.some((row) => row !== best && row.refetchedBytes === best.refetchedBytes)) {
    const equal = policies.filter((row) => row.refetchedBytes === best.refetchedBytes);
    const names = equal.map(({ policy }) => policy).join(' and ');
    return [`${names} fetch the least again: ${formatBytes(best.refetchedBytes)} each.`];
  }
  const parts = others.map(
    (row) => `${difference(best.refetchedBytes, row.refetchedBytes)} than ${row.policy}`,
  );
  return [`${best.policy} fetches ${list(parts)}.`];
}

function difference(own: number, other: number): string {
  if (own === other) return 'no less again';
  const percent = Math.abs(1 - own / Math.max(other, 1)) * 100;
  const rounded = percent < 0.95 ? 'less than 1%' : `${percent.toFixed(0)}%`;
  if (other === 0) return `${formatBytes(own)} more again`;
  return `${rounded} ${own < other ? 'less' : 'more'} again`;
}

function list(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

function least(rows: readonly Figures[]): Figures | undefined {
  return rows.toSorted((a, b) => a.refetchedBytes - b.refetchedBytes)[0];
}
