/**
 * The rules of the cordon, pure: a node as it was read → what to change, if anything. Every change carries a `test`
 * on the resourceVersion that it was decided on, so it happens to exactly that state of the node or not at all.
 *
 * The rules in short: a cordon is ours when our annotation is there, and only then. A node that is unschedulable
 * without it was cordoned by somebody else: hands off. Somebody who removes our annotation wants the node left as it
 * is.
 */
import type { NodeObject, PatchOperation, Taint } from './api.ts';

/** Without `none`: where nothing is cordoned there is nothing to decide. */
export type CordonMode = 'cordon' | 'taint';

/** The existing tool's key, so that nodes it left behind are recovered too. */
export const cordonAnnotation = 'hub.jupyter.org/image-cleaner-cordoned';

/** The taint of the mode `taint`. */
export const cordonTaintKey = 'docker-image-cleaner.jupyter.org/cleaning';

/** What we write in the annotation. */
export interface CordonMark {
  /** ISO 8601. */
  readonly time: string;
  readonly pod: string;
  /** For people. */
  readonly reason: string;
  /** What the mark stands for; `none`: for itself alone (see `fence`). */
  readonly mode: CordonMode | 'none';
  /** The process that holds it; see holder.ts. Left out where none does. */
  readonly process?: string;
  /** When it last said that it is there, ISO 8601. */
  readonly renewed?: string;
}

/** A mark as found; one that is not our JSON has no details. */
export type ReadMark = Partial<CordonMark> & Pick<CordonMark, 'mode'>;

export type MarkFilter = (mark: ReadMark) => boolean;

/** The longest beginning of a generated name (apiserver's `names/generate.go`); five characters follow. */
const longestGeneratedBase = 58;

/** The marks of a DaemonSet's pods, by the name that Kubernetes gives those. The existing tool's marks name no pod. */
export function isOfDaemonSet(namespace: string, daemonSet: string): MarkFilter {
  const base = `${namespace}/${`${daemonSet}-`.slice(0, longestGeneratedBase)}`;
  return ({ pod }) => pod?.startsWith(base) === true && /^[a-z0-9]{5}$/.test(pod.slice(base.length));
}

/** What to do about a node, and what it means when it is done (or when nothing is to be done). */
export interface Decision<Outcome extends string> {
  /** Undefined: the node is left as it is. */
  readonly patch: readonly PatchOperation[] | undefined;
  readonly outcome: Outcome;
}

/**
 * - `cordoned`: ours now.
 * - `foreign`: somebody else keeps pods away already; nothing was or will be changed.
 * - `stale`: a mark of the other mode was removed first; read again and decide again.
 */
export type AcquireOutcome = 'cordoned' | 'foreign' | 'stale';

/**
 * - `released`: our cordon is gone, pods may be scheduled.
 * - `left`: our annotation was removed and pods are still kept off: somebody wants it so.
 * - `absent`: there was nothing of ours.
 * - `other-holder`: another live process of this node has set its own mark meanwhile and will release it, or the mark
 *   is not one of those wanted.
 */
export type ReleaseOutcome = 'released' | 'left' | 'absent' | 'other-holder';

const annotationPath = `/metadata/annotations/${cordonAnnotation.replace('~', '~0').replace('/', '~1')}`;

export function formatMark(mark: CordonMark): string {
  return JSON.stringify(mark);
}

/** Reads an annotation's value. Anything that is not our JSON (the existing tool writes `true`) is an old cordon without details. */
export function parseMark(value: string): ReadMark {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === 'object' && parsed !== null) {
      const { time, pod, reason, mode, process, renewed } = parsed as Record<string, unknown>;
      return {
        ...(typeof time === 'string' && { time }),
        ...(typeof pod === 'string' && { pod }),
        ...(typeof reason === 'string' && { reason }),
        ...(typeof process === 'string' && { process }),
        ...(typeof renewed === 'string' && { renewed }),
        mode: mode === 'taint' || mode === 'none' ? mode : 'cordon',
      };
    }
  } catch {
    // Not JSON: a mark all the same.
  }
  return { mode: 'cordon' };
}

/** Our annotation's value, or undefined. */
export function markOf(node: NodeObject): string | undefined {
  return node.metadata.annotations?.[cordonAnnotation];
}

function isOurTaint(taint: Taint): boolean {
  return taint.key === cordonTaintKey;
}

function isTainted(node: NodeObject): boolean {
  return node.spec?.taints?.some(isOurTaint) ?? false;
}

/** Whether pods are kept away in the way of the mode. */
function isEffective(node: NodeObject, mode: CordonMark['mode']): boolean {
  if (mode === 'none') return false;
  return mode === 'cordon' ? node.spec?.unschedulable === true : isTainted(node);
}

function sameVersion(node: NodeObject): PatchOperation {
  return { op: 'test', path: '/metadata/resourceVersion', value: node.metadata.resourceVersion ?? null };
}

function addMark(node: NodeObject, value: string): PatchOperation {
  return node.metadata.annotations === undefined
    ? { op: 'add', path: '/metadata/annotations', value: { [cordonAnnotation]: value } }
    : { op: 'add', path: annotationPath, value };
}

function addEffect(node: NodeObject, mode: CordonMode): readonly PatchOperation[] {
  if (isEffective(node, mode)) return [];
  if (node.spec === undefined) {
    const taints = [{ key: cordonTaintKey, effect: 'NoSchedule' }];
    return [{ op: 'add', path: '/spec', value: mode === 'cordon' ? { unschedulable: true } : { taints } }];
  }
  if (mode === 'cordon') return [{ op: 'add', path: '/spec/unschedulable', value: true }];
  const taints = [...(node.spec.taints ?? []), { key: cordonTaintKey, effect: 'NoSchedule' }];
  return [{ op: 'add', path: '/spec/taints', value: taints }];
}

function removeEffect(node: NodeObject, mode: CordonMark['mode']): readonly PatchOperation[] {
  if (!isEffective(node, mode)) return [];
  if (mode === 'cordon') return [{ op: 'remove', path: '/spec/unschedulable' }];
  const others = (node.spec?.taints ?? []).filter((taint) => !isOurTaint(taint));
  return others.length === 0
    ? [{ op: 'remove', path: '/spec/taints' }]
    : [{ op: 'replace', path: '/spec/taints', value: others }];
}

function undo(node: NodeObject, mode: CordonMark['mode']): readonly PatchOperation[] {
  return [sameVersion(node), { op: 'remove', path: annotationPath }, ...removeEffect(node, mode)];
}

/**
 * How to make the node ours. An existing mark is taken over: it is this node's, from an earlier try or run.
 * @param isHeld marks of other live processes: pods are kept away already.
 */
export function decideAcquire(
  node: NodeObject,
  mark: CordonMark & { readonly mode: CordonMode },
  isHeld: MarkFilter = () => false,
): Decision<AcquireOutcome> {
  const value = markOf(node);
  if (value !== undefined) {
    const left = parseMark(value);
    if (isHeld(left)) return { patch: undefined, outcome: 'foreign' };
    if (left.mode !== mark.mode) return { patch: undo(node, left.mode), outcome: 'stale' };
    if (value === formatMark(mark) && isEffective(node, mark.mode)) {
      return { patch: undefined, outcome: 'cordoned' };
    }
  } else if (node.spec?.unschedulable === true || isTainted(node)) {
    return { patch: undefined, outcome: 'foreign' };
  }
  return {
    patch: [sameVersion(node), addMark(node, formatMark(mark)), ...addEffect(node, mark.mode)],
    outcome: 'cordoned',
  };
}

/**
 * How to release the node.
 * @param mine the mark that we set; undefined for whatever mark there is (start-up, the operator's command).
 * @param isWanted which marks to remove; default: any.
 */
export function decideRelease(
  node: NodeObject,
  mine: CordonMark | undefined,
  isWanted: MarkFilter = () => true,
): Decision<ReleaseOutcome> {
  const value = markOf(node);
  if (value === undefined) {
    const effective = mine !== undefined && isEffective(node, mine.mode);
    return { patch: undefined, outcome: effective ? 'left' : 'absent' };
  }
  const mark = parseMark(value);
  const isOthers =
    mine !== undefined &&
    ((mark.pod !== undefined && mark.pod !== mine.pod) ||
      (mark.process !== undefined && mine.process !== undefined && mark.process !== mine.process));
  if (isOthers || !isWanted(mark)) return { patch: undefined, outcome: 'other-holder' };
  return { patch: undo(node, mark.mode), outcome: mark.mode === 'none' ? 'absent' : 'released' };
}

/** How a holder says that it is still there; undefined where the mark is not (any more) its own. */
export function decideRenewal(node: NodeObject, mine: CordonMark): Decision<'renewed'>['patch'] {
  const mark = parseMark(markOf(node) ?? '{}');
  if (mark.pod !== mine.pod || mark.process !== mine.process || mark.mode !== mine.mode) return undefined;
  return [sameVersion(node), addMark(node, formatMark(mine))];
}

/**
 * A change that changes nothing for anybody but moves the resourceVersion on, so that a change which was sent earlier and
 * whose fate is not known can no longer happen. It sets a mark that stands for nothing; `decideRelease` takes it off again
 * and leaves whatever else is there. Undefined where there is a mark: releasing that moves the version as well.
 */
export function fence(node: NodeObject, mark: CordonMark): readonly PatchOperation[] | undefined {
  if (markOf(node) !== undefined) return undefined;
  return [sameVersion(node), addMark(node, formatMark({ ...mark, mode: 'none' }))];
}
