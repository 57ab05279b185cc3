/**
 * What is protected: by the engine itself; by people, by name, by label, by age, the newest of a repository. Why an
 * unused image is kept.
 */
import { append } from '../model/lists.ts';
import { formatDuration } from '../model/format.ts';
import { describePattern, keptBy, type KeepPattern } from './pattern.ts';
import { type Image, type ImageId, references, repositoryOf } from '../model/store.ts';

/** Whether the label `keepLabel` protects: on all images, on none, or on those that match a pattern. */
export type KeepLabelRule = 'on' | 'off' | readonly KeepPattern[];

/** The rules in force. */
export interface Protections {
  /** `on` where left out. */
  readonly keepLabel?: KeepLabelRule;
  readonly keep: readonly KeepPattern[];
  /** Since the image appeared on this host; 0: any age is deletable. */
  readonly minAgeSeconds: number;
  /** How many of the newest images of each repository are kept; 0: none. */
  readonly keepLast: number;
  /** Only images known to have been unused for that long may be deleted (`clean --unused-for`); undefined: any. */
  readonly onlyUnused?: OnlyUnused | undefined;
}

export interface OnlyUnused {
  readonly seconds: number;
  readonly isUnused: (image: Image) => boolean;
}

export const noProtections: Protections = { keep: [], minAgeSeconds: 0, keepLast: 0 };

/** An image with it asks to be kept. */
export const keepLabel = 'docker-image-cleaner.keep';

const codes = [
  'elsewhere',
  'pinned',
  'sandbox-image',
  'keep-label',
  'keep-pattern',
  'min-age',
  'keep-last',
  'used-lately',
] as const;
export type ProtectionCode = (typeof codes)[number];

export function isProtectionCode(code: string): code is ProtectionCode {
  return codes.some((known) => known === code);
}

export interface Protection {
  readonly code: ProtectionCode;
  /** One line for people. */
  readonly reason: string;
}

/** The protected images of a list, each with the first rule that protects it. */
export function protectedImages(
  images: readonly Image[],
  rules: Protections,
  nowMs: number,
): ReadonlyMap<ImageId, Protection> {
  const newest = newestOfRepositories(images, rules.keepLast);
  const hasRules =
    rules.keep.length > 0 || rules.minAgeSeconds > 0 || rules.keepLast > 0 || rules.onlyUnused !== undefined;
  const byRule = (image: Image): Protection | undefined =>
    byPattern(image, rules) ?? byAge(image, rules, nowMs) ?? newest.get(image.id) ?? byUse(image, rules);
  const found = new Map<ImageId, Protection>();
  for (const image of images) {
    const protection = image.engineNeeds ?? byLabel(image, rules) ?? (hasRules ? byRule(image) : undefined);
    if (protection !== undefined) found.set(image.id, protection);
  }
  return found;
}

/** Only a plain no is a no: who sets the label in another way wants something kept. */
function asksToBeKept({ labels }: Image): boolean {
  const value = labels[keepLabel];
  return value !== undefined && !/^\s*(false|0|no|off)\s*$/i.test(value);
}

function isHonoured(image: Image, rule: KeepLabelRule): boolean {
  return rule === 'on' || (rule !== 'off' && keptBy(image, rule) !== undefined);
}

/** An image whose label asks for protection and does not get it, because the operator decided so. */
export function isLabelIgnored(image: Image, { keepLabel: rule = 'on' }: Protections): boolean {
  return asksToBeKept(image) && !isHonoured(image, rule);
}

function byLabel(image: Image, { keepLabel: rule = 'on' }: Protections): Protection | undefined {
  const value = image.labels[keepLabel];
  if (!asksToBeKept(image) || !isHonoured(image, rule)) return undefined;
  return {
    code: 'keep-label',
    reason: `its label ${keepLabel}${value === undefined || value === '' ? '' : `=${value}`} protects it`,
  };
}

function byPattern(image: Image, { keep }: Protections): Protection | undefined {
  const pattern = keptBy(image, keep);
  return pattern && { code: 'keep-pattern', reason: `the pattern ${describePattern(pattern)} protects it` };
}

function byUse(image: Image, { onlyUnused }: Protections): Protection | undefined {
  if (onlyUnused === undefined || onlyUnused.isUnused(image)) return undefined;
  const time = formatDuration(onlyUnused.seconds);
  return { code: 'used-lately', reason: `not known to have been unused for ${time} (--unused-for)` };
}

/** Whether the minimum age alone would protect it. */
export function isTooYoung(image: Image, rules: Protections, nowMs: number): boolean {
  return byAge(image, rules, nowMs) !== undefined;
}

/** In how many milliseconds the next of these images will be old enough; undefined where none will. */
export function nextOldEnoughMs(
  images: readonly Image[],
  { minAgeSeconds }: Protections,
  nowMs: number,
): number | undefined {
  const times = images.flatMap((image) => {
    const sinceMs = hereSinceMs(image);
    const leftMs = sinceMs === undefined ? 0 : sinceMs + minAgeSeconds * 1000 - nowMs;
    return leftMs > 0 ? [leftMs] : [];
  });
  return times.length === 0 ? undefined : times.reduce((least, leftMs) => Math.min(least, leftMs));
}

function byAge(image: Image, { minAgeSeconds }: Protections, nowMs: number): Protection | undefined {
  if (minAgeSeconds <= 0) return undefined;
  const minimum = formatDuration(minAgeSeconds);
  const sinceMs = hereSinceMs(image);
  if (sinceMs === undefined) {
    return {
      code: 'min-age',
      reason: `its arrival time is unknown; it may be younger than ${minimum} (min-age)`,
    };
  }
  const ageSeconds = (nowMs - sinceMs) / 1000;
  if (ageSeconds >= minAgeSeconds) return undefined;
  const arrived = ageSeconds < 0 ? 'in the future by this clock' : `${formatDuration(ageSeconds)} ago`;
  return { code: 'min-age', reason: `arrived ${arrived}; kept for ${minimum} (min-age)` };
}

/** When it arrived on this host, as well as that is known. */
function hereSinceMs(image: Image): number | undefined {
  return image.appearedAtMs ?? image.createdAtMs;
}

/** An image of unknown age counts as the newest. */
function newestOfRepositories(images: readonly Image[], count: number): ReadonlyMap<ImageId, Protection> {
  const found = new Map<ImageId, Protection>();
  if (count <= 0) return found;
  const repositories = new Map<string, Image[]>();
  for (const image of images) {
    for (const name of new Set(references(image).map(repositoryOf))) append(repositories, name, image);
  }
  for (const [name, list] of repositories) {
    list.sort(newestFirst);
    for (const image of list.slice(0, count)) {
      const which = count === 1 ? `the newest of ${name}` : `among the ${count} newest of ${name}`;
      found.set(image.id, { code: 'keep-last', reason: `it is ${which}` });
    }
  }
  return found;
}

function newestFirst(a: Image, b: Image): number {
  const here = descending(hereSinceMs(a), hereSinceMs(b));
  if (here !== 0) return here;
  const built = descending(a.createdAtMs, b.createdAtMs);
  return built !== 0 ? built : a.id < b.id ? -1 : 1;
}

/** Unknown times first. */
function descending(a: number | undefined, b: number | undefined): number {
  if (a === b) return 0;
  return (b ?? Infinity) - (a ?? Infinity);
}
