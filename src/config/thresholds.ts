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
export function judgeThresholds(written: WrittenThresholds): JudgedThresholds {
  const { type, high, low, critical, soft } = written;
  const problems: string[] = [];
  const read = (threshold: WrittenThreshold | undefined): number | undefined => {
    if (threshold === undefined) return undefined;
    const parsed = parseByType(threshold.text, type);
    if (parsed.ok) return parsed.value;
    problems.push(problemLine(threshold.name, threshold.text, parsed.reason));
    return undefined;
  };
  const [highGiven, lowGiven, criticalLevel, softLevel] = [high, low, critical, soft].map(read);
  if (type !== undefined && type !== 'relative' && high === undefined) problems.push(highMissing(type));
  const highValue = highGiven ?? defaultRelativeHigh;
  const lowValue = lowGiven ?? (type === 'free' ? highValue / lowPerHigh : highValue * lowPerHigh);
  const levels = { high: highValue, low: lowValue, critical: criticalLevel, soft: softLevel };
  if (type !== undefined && problems.length === 0) problems.push(...contradiction(written, levels));
  if (type === undefined || problems.length > 0)
    return { thresholds: undefined, criticalLevel: undefined, softLevel: undefined, problems, warnings: [] };
  const byDefault = {
    relative: Math.max(defaultRelativeCritical, highValue),
    free: highValue * freeCriticalPerHigh,
    absolute: undefined,
    images: undefined,
  }[type];
  return {
    thresholds: { type, high: highValue, low: lowValue },
    criticalLevel: criticalLevel ?? byDefault,
    softLevel,
    problems,
    warnings: fractionWarnings(type, [high, low, soft, critical]),
  };
}

interface Levels {
  readonly high: number;
  readonly low: number;
  readonly critical: number | undefined;
  readonly soft: number | undefined;
}

/** What is wrong with levels that are good one by one: the first such problem, if there is one. */
function contradiction(
  { type, high, low, critical, soft }: WrittenThresholds,
  levels: Levels,
): readonly string[] {
  const isFree = type === 'free';
  /** Whether one level is of a fuller disk than another. */
  const isFuller = (one: number, other: number): boolean => (isFree ? one < other : one > other);
  const problem = ({ name, text }: WrittenThreshold, reason: string): readonly string[] => [
    problemLine(name, text, reason),
  ];
  if (!isFuller(levels.high, levels.low)) {
    const than = high === undefined ? `${levels.high}, the default` : `${high.name}=${high.text.trim()}`;
    if (low !== undefined)
      return problem(
        low,
        isFree
          ? `expected more than the high threshold (${than}): a sweep begins when less than that is free, and ends when this much is`
          : `expected less than the high threshold (${than})`,
      );
    // 75% of the smallest numbers rounds to the same number.
    if (high !== undefined) return problem(high, 'too small for a low threshold below it');
  }
  if (critical !== undefined && levels.critical !== undefined && isFuller(levels.high, levels.critical))
    return problem(critical, `expected the high threshold (${levels.high}) or ${isFree ? 'less' : 'more'}`);
  const isBetween = (level: number): boolean => !isFuller(levels.low, level) && isFuller(levels.high, level);
  if (soft === undefined || levels.soft === undefined || isBetween(levels.soft)) return [];
  return problem(
    soft,
    isFree
      ? `expected at most the low threshold (${levels.low}) and more than the high one (${levels.high})`
      : `expected at least the low threshold (${levels.low}) and less than the high one (${levels.high})`,
  );
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
