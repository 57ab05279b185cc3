/** The rules between the three threshold settings. */
import type { Thresholds } from '../core/model/thresholds.ts';
import { problemLine } from './values/problem.ts';
import { bytesAllowed, parseBytes, parsePercent, percentAllowed } from './values/quantities.ts';
import { flagOf, variableOf } from './settings.ts';
import type { Parsed } from './values/values.ts';

/** LOW where only HIGH is given, as a share of HIGH: the original tool's 60 for its 80. Of free bytes HIGH is that share of LOW. */
const lowPerHigh = 0.75;
const defaultRelativeHigh = 80;
const defaultRelativeCritical = 95;
/** What 95% is to 80%: a quarter of what is free. */
const freeCriticalPerHigh = 0.25;

/** A threshold as the user wrote it: where, and what; undefined when it is unset. */
export interface WrittenThreshold {
  /** The variable or the flag. */
  readonly name: string;
  readonly text: string;
}

export interface WrittenThresholds {
  /** Undefined when the type itself was refused. */
  readonly type: Thresholds['type'] | undefined;
  readonly high: WrittenThreshold | undefined;
  readonly low: WrittenThreshold | undefined;
  readonly critical?: WrittenThreshold | undefined;
  readonly soft?: WrittenThreshold | undefined;
}

export interface JudgedThresholds {
  /** Undefined exactly when they cannot be used; then there is a problem here, or the type was refused. */
  readonly thresholds: Thresholds | undefined;
  /** In the same unit; undefined: never critical. */
  readonly criticalLevel: number | undefined;
  /** In the same unit; undefined: no gentle mode. */
  readonly softLevel: number | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Judges the thresholds together: each by the type's syntax, missing ones filled in, LOW below HIGH. */
export function judgeThresholds({ type, high, low, critical, soft }: WrittenThresholds): JudgedThresholds {
  const problems: string[] = [];
  const refused = (): JudgedThresholds => ({
    thresholds: undefined,
    criticalLevel: undefined,
    softLevel: undefined,
    problems,
    warnings: [],
  });
  const read = (written: WrittenThreshold | undefined): number | undefined => {
    if (written === undefined) return undefined;
    const parsed = parseByType(written.text, type);
    if (parsed.ok) return parsed.value;
    problems.push(problemLine(written.name, written.text, parsed.reason));
    return undefined;
  };
  const highGiven = read(high);
  const lowGiven = read(low);
  const criticalGiven = read(critical);
  const softGiven = read(soft);
  if (type !== undefined && type !== 'relative' && high === undefined) problems.push(highMissing(type));
  if (type === undefined || problems.length > 0) return refused();

  const highValue = highGiven ?? defaultRelativeHigh;
  const lowValue = lowGiven ?? (type === 'free' ? highValue / lowPerHigh : highValue * lowPerHigh);
  const isFree = type === 'free';
  /** Whether one level is of a fuller disk than another. */
  const isFuller = (one: number, other: number): boolean => (isFree ? one < other : one > other);
  if (!isFuller(highValue, lowValue)) {
    const than = high === undefined ? `${highValue}, the default` : `${high.name}=${high.text.trim()}`;
    if (low !== undefined) {
      const reason = isFree
        ? `expected more than the high threshold (${than}): a sweep begins when less than that is free, and ends when this much is`
        : `expected less than the high threshold (${than})`;
      problems.push(problemLine(low.name, low.text, reason));
    } else if (high !== undefined) {
      // 75% of the smallest numbers rounds to the same number.
      problems.push(problemLine(high.name, high.text, 'too small for a low threshold below it'));
    }
    return refused();
  }
  if (critical !== undefined && criticalGiven !== undefined && isFuller(highValue, criticalGiven)) {
    const reason = `expected the high threshold (${highValue}) or ${isFree ? 'less' : 'more'}`;
    problems.push(problemLine(critical.name, critical.text, reason));
    return refused();
  }
  if (
    soft !== undefined &&
    softGiven !== undefined &&
    (isFuller(lowValue, softGiven) || !isFuller(highValue, softGiven))
  ) {
    const reason = isFree
      ? `expected at most the low threshold (${lowValue}) and more than the high one (${highValue})`
      : `expected at least the low threshold (${lowValue}) and less than the high one (${highValue})`;
    problems.push(problemLine(soft.name, soft.text, reason));
    return refused();
  }
  const byDefault = {
    relative: Math.max(defaultRelativeCritical, highValue),
    free: highValue * freeCriticalPerHigh,
    absolute: undefined,
    images: undefined,
  }[type];
  return {
    thresholds: { type, high: highValue, low: lowValue },
    criticalLevel: criticalGiven ?? byDefault,
    softLevel: softGiven,
    problems,
    warnings: fractionWarnings(type, [high, low, soft, critical]),
  };
}

/** By an unknown type, a threshold is refused only when neither type would take it. */
function parseByType(text: string, type: Thresholds['type'] | undefined): Parsed<number> {
  if (type === 'absolute' || type === 'free' || type === 'images') return parseBytes(text);
  const percent = parsePercent(text);
  if (percent.ok) return percent;
  const bytes = parseBytes(text);
  if (type === undefined) {
    return bytes.ok ? bytes : { ok: false, reason: `expected ${percentAllowed}; or ${bytesAllowed}` };
  }
  const hint = bytes.ok ? '; for bytes, set the threshold type to absolute or free' : '';
  return { ok: false, reason: percent.reason + hint };
}

function highMissing(type: Thresholds['type']): string {
  const reason = `in ${type} mode it must be set (or ${flagOf('thresholdHigh')}); expected ${bytesAllowed}`;
  return problemLine(variableOf('thresholdHigh'), undefined, reason);
}

/** 0.8 may well be meant as 80%, and would keep the store empty. Allowed, since it is a percentage, but said. */
function fractionWarnings(
  type: Thresholds['type'],
  written: readonly (WrittenThreshold | undefined)[],
): readonly string[] {
  if (type !== 'relative') return [];
  return written.flatMap((threshold) => {
    if (threshold === undefined) return [];
    const parsed = parsePercent(threshold.text);
    if (!parsed.ok || parsed.value > 1) return [];
    const reason = `this is a percentage, so ${parsed.value} of 100; write ${parsed.value * 100} if that is meant`;
    return [problemLine(threshold.name, threshold.text, reason)];
  });
}
