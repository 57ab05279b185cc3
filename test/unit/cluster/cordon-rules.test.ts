import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeObject, PatchOperation, Taint } from '../../../src/cluster/api.ts';
import {
  cordonAnnotation,
  cordonTaintKey,
  decideAcquire,
  decideRelease,
  fence,
  formatMark,
  isOfDaemonSet,
  markOf,
  parseMark,
  type CordonMode,
} from '../../../src/cluster/cordon-rules.ts';

/**
 * Applies a patch as RFC 6902 says, strictly, then what the server does: the version advances, empty fields are
 * dropped.
 */
function apply(node: NodeObject, patch: readonly PatchOperation[] | undefined): NodeObject {
  if (patch === undefined) return node;
  const copy = structuredClone(node) as unknown as Record<string, unknown>;
  for (const operation of patch) {
    const keys = operation.path.split('/').slice(1);
    const last = (keys.pop() ?? '').replace('~1', '/').replace('~0', '~');
    let parent = copy;
    for (const key of keys) {
      const next = parent[key];
      if (typeof next !== 'object' || next === null) throw new Error(`no ${operation.path}`);
      parent = next as Record<string, unknown>;
    }
    if (operation.op !== 'add' && !(last in parent)) throw new Error(`no ${operation.path}`);
    if (operation.op === 'test') expect(parent[last]).toEqual(operation.value);
    else if (operation.op === 'remove') Reflect.deleteProperty(parent, last);
    else parent[last] = operation.value;
  }
  const after = copy as unknown as NodeObject;
  const resourceVersion = String(Number(node.metadata.resourceVersion) + 1);
  return normal({ ...after, metadata: { ...after.metadata, resourceVersion } });
}

/** As the server stores it: no empty maps and lists, no `false`. */
function normal(node: NodeObject): NodeObject {
  const { annotations, ...metadata } = node.metadata;
  const { unschedulable, taints } = node.spec ?? {};
  return {
    metadata: {
      ...metadata,
      ...(Object.keys(annotations ?? {}).length > 0 && annotations && { annotations }),
    },
    ...(node.spec && {
      spec: {
        ...(unschedulable === true && { unschedulable }),
        ...(taints !== undefined && taints.length > 0 && { taints }),
      },
    }),
  };
}

const withoutVersion = (node: NodeObject): unknown => {
  const { metadata, spec = {} } = normal(node);
  return { metadata: { ...metadata, resourceVersion: '' }, spec };
};

const modes = fc.constantFrom<CordonMode>('cordon', 'taint');
const marks = modes.map((mode) => ({ time: '2026-01-01T00:00:00.000Z', pod: 'p', reason: 'r', mode }));
const values = fc.oneof(
  fc.constantFrom('true', '', '{', 'null', '[]', '{"mode":"none"}', '{"mode":7}'),
  marks.map(formatMark),
  marks.map((mark) => formatMark({ ...mark, pod: 'another' })),
);
const otherTaints = fc.uniqueArray(
  fc.record({ key: fc.constantFrom('a', 'b/c', 'd'), effect: fc.constantFrom('NoSchedule', 'NoExecute') }),
  { selector: ({ key }) => key },
);
const ourTaint: Taint = { key: cordonTaintKey, effect: 'NoSchedule' };

/** Every shape of a node: fields there or missing, cordoned by anybody in any way. */
const nodes: fc.Arbitrary<NodeObject> = fc
  .record({
    mark: fc.option(values, { nil: undefined }),
    other: fc.option(fc.constant({ 'x/y': 'z' }), { nil: undefined }),
    unschedulable: fc.constantFrom(true, false, undefined),
    taints: fc.option(fc.tuple(otherTaints, fc.boolean()), { nil: undefined }),
    hasSpec: fc.boolean(),
  })
  .map(({ mark, other, unschedulable, taints, hasSpec }) => ({
    metadata: {
      name: 'n',
      resourceVersion: '7',
      ...((mark !== undefined || other) && {
        annotations: { ...other, ...(mark !== undefined && { [cordonAnnotation]: mark }) },
      }),
    },
    ...(hasSpec && {
      spec: {
        ...(unschedulable !== undefined && { unschedulable }),
        ...(taints && { taints: [...taints[0], ...(taints[1] ? [ourTaint] : [])] }),
      },
    }),
  }));

const isFree = (node: NodeObject): boolean =>
  node.spec?.unschedulable !== true && node.spec?.taints?.some(({ key }) => key === cordonTaintKey) !== true;

describe('the rules of the cordon', () => {
  it('write only to the version they were decided on', () => {
    fc.assert(
      fc.property(nodes, marks, (node, mark) => {
        const patches = [decideAcquire(node, mark).patch, decideRelease(node, mark).patch, fence(node, mark)];
        for (const patch of patches) {
          if (patch === undefined) continue;
          expect(patch[0]).toEqual({ op: 'test', path: '/metadata/resourceVersion', value: '7' });
        }
      }),
    );
  });

  it('leave no trace: acquire, then release, is the node as it was', () => {
    fc.assert(
      fc.property(nodes, marks, (node, mark) => {
        fc.pre(markOf(node) === undefined);
        const acquired = apply(node, decideAcquire(node, mark).patch);
        const released = apply(acquired, decideRelease(acquired, mark).patch);
        expect(withoutVersion(released)).toEqual(withoutVersion(node));
      }),
    );
  });

  it('never touch a node without our mark that keeps pods away already', () => {
    fc.assert(
      fc.property(nodes, marks, (node, mark) => {
        fc.pre(markOf(node) === undefined && !isFree(node));
        expect(decideAcquire(node, mark)).toEqual({ patch: undefined, outcome: 'foreign' });
        expect(decideRelease(node, mark).patch).toBeUndefined();
        expect(decideRelease(node, undefined)).toEqual({ patch: undefined, outcome: 'absent' });
      }),
    );
  });

  it('change nothing but unschedulable, our taint and our annotation', () => {
    const rest = (node: NodeObject): unknown => {
      const annotations = { ...node.metadata.annotations, [cordonAnnotation]: undefined };
      return { annotations, taints: (node.spec?.taints ?? []).filter(({ key }) => key !== cordonTaintKey) };
    };
    fc.assert(
      fc.property(nodes, marks, (node, mark) => {
        for (const { patch } of [decideAcquire(node, mark), decideRelease(node, undefined)]) {
          expect(rest(apply(node, patch))).toEqual(rest(node));
        }
      }),
    );
  });

  it('end cordoned in one mode, whatever was left behind, and say no more when asked again', () => {
    fc.assert(
      fc.property(nodes, marks, (node, mark) => {
        fc.pre(markOf(node) !== undefined);
        let now = node;
        let decision = decideAcquire(now, mark);
        for (let i = 0; i < 3 && decision.outcome === 'stale'; i++) {
          now = apply(now, decision.patch);
          decision = decideAcquire(now, mark);
        }
        fc.pre(decision.outcome !== 'foreign');
        now = apply(now, decision.patch);
        expect(markOf(now)).toBe(formatMark(mark));
        expect(isFree(now)).toBe(false);
        expect(decideAcquire(now, mark)).toEqual({ patch: undefined, outcome: 'cordoned' });
      }),
    );
  });

  it('recover every mark in one step, and release twice like once', () => {
    fc.assert(
      fc.property(nodes, (node) => {
        const once = apply(node, decideRelease(node, undefined).patch);
        expect(markOf(once)).toBeUndefined();
        expect(decideRelease(once, undefined)).toEqual({ patch: undefined, outcome: 'absent' });
        const value = markOf(node);
        if (value !== undefined && parseMark(value).mode === 'cordon') {
          expect(once.spec?.unschedulable).toBeUndefined();
        }
      }),
    );
  });

  it('fence a node without anybody noticing, though it is cordoned by others', () => {
    fc.assert(
      fc.property(nodes, marks, (node, mark) => {
        const barrier = fence(node, mark);
        expect(barrier === undefined).toBe(markOf(node) !== undefined);
        fc.pre(barrier !== undefined);
        const fenced = apply(node, barrier);
        expect(withoutVersion(apply(fenced, decideRelease(fenced, undefined).patch))).toEqual(
          withoutVersion(node),
        );
      }),
    );
  });

  it.each([
    ['true', 'cordon'],
    ['', 'cordon'],
    ['{"time":1}', 'cordon'],
    ['{"mode":"taint","pod":"p"}', 'taint'],
    ['{"mode":"none"}', 'none'],
  ])('read the mark %s as %s', (value, mode) => {
    expect(parseMark(value).mode).toBe(mode);
  });

  it("leave another process's mark to it", () => {
    const mark = { time: 't', pod: 'b', reason: 'r', mode: 'cordon' } as const;
    const node = { metadata: { name: 'n', annotations: { [cordonAnnotation]: formatMark(mark) } } };
    expect(decideRelease(node, { ...mark, pod: 'a' })).toEqual({ patch: undefined, outcome: 'other-holder' });
  });
});

describe("a DaemonSet's marks", () => {
  const long = 'a'.repeat(60);

  it.each([
    ['cleaner', 'images/cleaner-x7k2p', true],
    ['a.cleaner', 'images/a.cleaner-x7k2p', true],
    ['cleaner', 'other/cleaner-x7k2p', false],
    ['cleaner', 'cleaner-x7k2p', false],
    ['cleaner', 'images/cleaner-dind-x7k2p', false],
    ['cleaner-dind', 'images/cleaner-x7k2p', false],
    ['cleaner', 'images/cleaner-x7k2', false],
    ['cleaner', 'images/cleaner-x7k2pq', false],
    ['cleaner', 'images/my-cleaner-x7k2p', false],
    ['a.cleaner', 'images/aXcleaner-x7k2p', false],
    // Kubernetes cuts what it generates names from.
    [long, `images/${'a'.repeat(58)}x7k2p`, true],
  ])('of %s: by %s %s', (name, pod, isIts) => {
    const mark = parseMark(formatMark({ time: 'T', pod, reason: 'r', mode: 'cordon' }));
    expect(isOfDaemonSet('images', name)(mark)).toBe(isIts);
  });

  it.each(['true', '{}', '{"pod":7}'])('are not those that name no pod: %s', (value) => {
    expect(isOfDaemonSet('images', 'cleaner')(parseMark(value))).toBe(false);
  });

  it('alone are removed when only they are wanted', () => {
    const node = (pod: string): NodeObject => ({
      metadata: {
        name: 'n',
        resourceVersion: '1',
        annotations: { [cordonAnnotation]: formatMark({ time: 'T', pod, reason: 'r', mode: 'cordon' }) },
      },
      spec: { unschedulable: true },
    });
    const isWanted = isOfDaemonSet('images', 'cleaner');
    expect(decideRelease(node('images/cleaner-x7k2p'), undefined, isWanted).outcome).toBe('released');
    expect(decideRelease(node('images/other-x7k2p'), undefined, isWanted)).toEqual({
      patch: undefined,
      outcome: 'other-holder',
    });
  });
});
