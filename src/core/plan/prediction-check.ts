/** Compares what deletions freed with what was predicted of each. The one place that says when a prediction was wrong. */
import { minus, nothing, plus } from '../model/amount.ts';
import type { Victim } from './plan.ts';
import type { Amount } from '../model/thresholds.ts';

/** What a prediction may err by: this share of the larger of both amounts, or this much where that is more. */
const SHARE = 0.01;
/** The same of an estimate, which is called one: what an engine says of sizes is of files, not of blocks. */
const SHARE_OF_ESTIMATES = 0.5;
/** 256 inodes are 1 MiB in blocks of 4 KiB. */
const ALLOWANCE: Amount = { bytes: 1_048_576, inodes: 256 };

interface Checked {
  readonly victim: Victim;
  readonly freed: Amount;
}

/** What is told of wrong predictions, once for many deletions. */
export interface MissedPredictions {
  /** How many deletions freed noticeably less or more than predicted, and how many there were. */
  readonly missed: number;
  readonly deletions: number;
  /** The one that was furthest off. */
  readonly worst: Checked;
}

export class PredictionCheck {
  readonly #countsInodes: boolean;
  #deletions = 0;
  readonly #missed: Checked[] = [];
  /** Freed less predicted, of all deletions together. */
  #error = nothing;

  /** @param countsInodes false on a filesystem that does not: then nobody can say what became of a prediction of them. */
  constructor(countsInodes = true) {
    this.#countsInodes = countsInodes;
  }

  /** @param freed what the filesystem gained by this deletion; others write meanwhile, so it can be negative. */
  note(victim: Victim, freed: Amount): void {
    this.#deletions += 1;
    // Inodes that were not measured are derived from bytes: too rough to be checked.
    const isCounted = this.#countsInodes && victim.predicted.exact;
    const error = { ...minus(freed, victim.predicted), ...(!isCounted && { inodes: 0 }) };
    this.#error = plus(this.#error, error);
    if (isNoticeable('bytes', victim, freed) || (isCounted && isNoticeable('inodes', victim, freed)))
      this.#missed.push({ victim, freed });
  }

  /** @param freed what came after that, of deletions that were noted. */
  noteLate(freed: Amount): void {
    this.#error = plus(this.#error, freed);
  }

  /**
   * Undefined where all came true. Also where the errors make up for each other: some filesystems (XFS, btrfs) free a
   * part of a deletion only during the next.
   */
  result(): MissedPredictions | undefined {
    const { bytes, inodes } = this.#error;
    if (Math.abs(bytes) <= ALLOWANCE.bytes && Math.abs(inodes) <= ALLOWANCE.inodes) return undefined;
    const [worst] = this.#missed.toSorted((a, b) => sizeOfError(b) - sizeOfError(a));
    if (worst === undefined) return undefined;
    return { missed: this.#missed.length, deletions: this.#deletions, worst };
  }
}

function isNoticeable(resource: keyof Amount, { predicted }: Victim, freed: Amount): boolean {
  const larger = Math.max(predicted[resource], Math.abs(freed[resource]));
  const share = predicted.exact ? SHARE : SHARE_OF_ESTIMATES;
  const error = Math.abs(freed[resource] - predicted[resource]);
  return error > Math.max(larger * share, ALLOWANCE[resource]);
}

/** Bytes and inodes in one number, each in what is allowed of it. */
function sizeOfError({ victim, freed }: Checked): number {
  const error = minus(freed, victim.predicted);
  return Math.max(Math.abs(error.bytes) / ALLOWANCE.bytes, Math.abs(error.inodes) / ALLOWANCE.inodes);
}
