/**
 * What the fuzzers share: number of cases, seed, and results. `FUZZ_RUNS` and `FUZZ_SEED` choose; without
 * them a few cases with a fixed seed run, so that what fails once fails again. Counts are printed: a fuzzer whose cases are all
 * refused at the door tests nothing.
 */
import fc from 'fast-check';

/** @param short how many cases run by default. */
export function runs(short: number): number {
  const asked = Number(process.env['FUZZ_RUNS'] ?? '1');
  if (!(asked > 0)) throw new RangeError('FUZZ_RUNS is a number of times the short run');
  return Math.ceil(short * asked);
}

/** For one fuzzer, in ms: for as many times a short run's as there are. */
export const timeout = 600_000 * runs(1);

export const seed = Number(process.env['FUZZ_SEED'] ?? '20261127');

/** Parameters for fast-check: replayable by the seed that a failure names. */
export function chosen(short: number): fc.Parameters<unknown> {
  return { numRuns: runs(short), seed, endOnFailure: true };
}

/** Counts the results of the cases. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  print(name: string): void {
    const parts = [...this.#counts].toSorted().map(([what, count]) => `${count} ${what}`);
    process.stdout.write(`fuzz ${name}, seed ${seed}: ${parts.join(', ')}\n`);
  }
}

const odd: readonly unknown[] = [
  ...[null, 0, -1, 0.5, 1e308, -1e308, 9007199254740993, true, false, '', 'x', '\u0000', '\u202e\u001b[2J'],
  ...[
    '__proto__',
    'constructor',
    'sha256:',
    `sha256:${'f'.repeat(64)}`,
    '<none>:<none>',
    '../../etc',
    '?force=1',
  ],
  ...['%2e%2e', 'A'.repeat(10_000), [], {}, [null], [[]], { a: null }],
];

/** A generator of numbers and choices: fast-check's, so that a case is shrunk and replayed. */
export interface Dice {
  /** In [0, below). */
  readonly whole: (below: number) => number;
}

export const dice: fc.Arbitrary<Dice> = fc.infiniteStream(fc.nat()).map((stream) => ({
  whole: (below) => (stream.next().value ?? 0) % Math.max(1, below),
}));

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

function placesIn(value: unknown, found: Place[]): readonly Place[] {
  if (typeof value !== 'object' || value === null) return found;
  const holder = value as Place['holder'];
  for (const [key, inner] of Object.entries(holder)) {
    found.push({ holder, key });
    placesIn(inner, found);
  }
  return found;
}

/** JSON with one to three of its values changed, removed, doubled or put in another's place. */
export function damagedJson(text: string, { whole }: Dice): string {
  const box: { whole: unknown } = { whole: JSON.parse(text) };
  for (let change = 0; change <= whole(3); change++) {
    const places = placesIn(box, []);
    const { holder, key } = places[whole(places.length)] ?? { holder: box, key: 'whole' };
    const at = holder as Record<string, unknown>;
    const kind = whole(10);
    if (kind < 6) at[key] = odd[whole(odd.length)];
    else if (kind < 8) {
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else if (holder !== box) Reflect.deleteProperty(holder, key);
    } else if (kind < 9 && Array.isArray(holder)) holder.push(holder[Number(key)]);
    else {
      const other = places[whole(places.length)];
      const from = other?.holder as Record<string, unknown> | undefined;
      at[key] = structuredClone(from?.[other?.key ?? ''] ?? null);
    }
  }
  const proto = whole(20) === 0 ? ',"__proto__":{"inUse":false}}' : '}';
  const json = JSON.stringify(box.whole);
  return json.startsWith('{"') ? json.replace(/\}$/, proto) : json;
}

/** Bytes with up to eight of them changed, or an end cut off. */
export function damagedBytes(bytes: Buffer, { whole }: Dice): Buffer {
  if (whole(3) === 0) return bytes.subarray(0, whole(bytes.length));
  const copy = Buffer.from(bytes);
  for (let change = 0; change <= whole(8) && copy.length > 0; change++) copy[whole(copy.length)] = whole(256);
  return copy;
}
