import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, freedBy } from '../../../../../src/core/forest/reclaim.ts';
import { walkOrder } from '../../../../../src/core/select/order/in-order.ts';
import type { Selection } from '../../../../../src/core/select/order/selection.ts';
import type { ImageStore } from '../../../../../src/core/model/store.ts';
import { container, image } from '../../arbitraries.ts';
import {
  arbitraryForest,
  arbitraryGoalParts,
  BruteForce,
  caseOf,
  chain,
  goalOf,
  layersOf,
} from '../../forests.ts';

const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);

const layers = layersOf({
  base: ['-', 100, 10],
  a: ['base', 30, 1],
  big: ['-', 500, 2],
  b: ['base', 20, 1],
  empty: ['base', 0, 1],
});

function walk(order: readonly string[], bytes: number, more: Partial<ImageStore> = {}): Selection {
  const tops: Record<string, string> = {
    onBase: 'base',
    a: 'a',
    b: 'b',
    big: 'big',
    empty: 'empty',
    same: 'a',
  };
  const images = order.map((id) => image(id, { layers: chain(layers, tops[id] ?? '') }));
  const { forest } = caseOf({ images, containers: [], layers, ...more });
  return walkOrder(forest, order, { bytes, inodes: 0 });
}

describe('walking an order', () => {
  it('stops where the goal is reached and says what each frees at its place', () => {
    expect(walk(['big', 'a', 'b'], 530)).toMatchObject({
      victims: [
        { id: 'big', freed: { bytes: 500, inodes: 2, exact: true }, completedBy: undefined },
        { id: 'a', freed: { bytes: 30, inodes: 1, exact: true }, completedBy: undefined },
      ],
      stays: [{ id: 'b', cause: 'not-needed' }],
      freed: { bytes: 530, inodes: 3, exact: true },
      reached: true,
    });
  });

  it('leaves out what frees nothing where its group is not completed', () => {
    const selection = walk(['onBase', 'a', 'big', 'b'], 520);
    expect(ids(selection.victims)).toEqual(['a', 'big']);
    expect(selection.stays).toMatchObject([
      { id: 'onBase', cause: 'not-needed' },
      { id: 'b', cause: 'not-needed' },
    ]);
  });

  it('takes what frees nothing at its place where a later one completes its group', () => {
    const selection = walk(['onBase', 'a', 'b', 'big'], 140);
    expect(selection.victims).toMatchObject([
      { id: 'onBase', freed: { bytes: 0 }, completedBy: 'b' },
      { id: 'a', freed: { bytes: 30 } },
      { id: 'b', freed: { bytes: 120 } },
    ]);
  });

  it('never takes what cannot free anything because a container or another image has the very same layers', () => {
    const selection = walk(['a', 'big', 'same', 'b'], 9999, {
      containers: [container('c', ['same'], 'exited')],
    });
    // The walk is given `same` too, as nothing here says what is deletable; the container still holds its layers.
    expect(ids(selection.victims)).toEqual(['big', 'b']);
    expect(selection.stays).toMatchObject([
      { id: 'a', cause: 'frees-nothing' },
      { id: 'same', cause: 'frees-nothing' },
    ]);
  });

  it('does not take an image whose own layers count nothing for what is needed', () => {
    const images = ['empty', 'used'].map((id) =>
      image(id, { layers: chain(layers, id === 'used' ? 'base' : 'empty') }),
    );
    const { forest } = caseOf({ images, containers: [container('c', ['used'])], layers });
    expect(walkOrder(forest, ['empty'], { bytes: 1, inodes: 0 })).toMatchObject({
      victims: [],
      stays: [{ id: 'empty', cause: 'frees-nothing' }],
      reached: false,
    });
    expect(ids(walkOrder(forest, ['empty'], { bytes: 0, inodes: 1 }).victims)).toEqual(['empty']);
  });

  it('puts an image off until right after the last one built on it', () => {
    const images = [
      image('parent', { layers: ['base'] }),
      image('one', { layers: ['base', 'a'], parentId: 'parent' }),
      image('two', { layers: ['base', 'b'], parentId: 'parent' }),
      image('big', { layers: ['big'] }),
    ];
    const { forest } = caseOf({ images, containers: [], layers });
    const selection = walkOrder(forest, ['parent', 'two', 'one', 'big'], { bytes: 9999, inodes: 0 });
    expect(ids(selection.victims)).toEqual(['two', 'one', 'parent', 'big']);
    const without = walkOrder(forest, ['parent', 'two', 'big'], { bytes: 9999, inodes: 0 });
    expect(ids(without.victims)).toEqual(['two', 'big']);
    expect(without.stays).toMatchObject([{ id: 'parent', cause: 'child-stays' }]);
  });

  it('keeps to its rule on any store and any order', () => {
    fc.assert(
      fc.property(arbitraryForest(12), arbitraryGoalParts, fc.array(fc.nat()), (of, parts, keys) => {
        const brute = new BruteForce(of);
        const most = brute.freed(brute.all);
        const goal = goalOf(parts, most);
        const order = [...of.candidates].sort((a, b) => {
          const key = (id: string): number => keys[of.candidates.indexOf(id)] ?? 0;
          return key(a) - key(b);
        });
        const selection = walkOrder(of.forest, order, goal);
        const victims = ids(selection.victims);
        expect(selection.reached).toBe(covers(most, goal));
        expect(selection.freed).toEqual(freedBy(of.forest, victims));
        expect([...victims, ...ids(selection.stays)].sort()).toEqual([...order].sort());
        // It stops at once: without the last victim the goal is not reached.
        if (selection.reached && victims.length > 0) {
          expect(covers(freedBy(of.forest, victims.slice(0, -1)), goal)).toBe(false);
        }
        // No useless victim: without any one of them, less of what is needed is freed.
        for (const victim of victims) {
          const less = freedBy(
            of.forest,
            victims.filter((id) => id !== victim),
          );
          const bytes = goal.bytes > 0 && less.bytes < selection.freed.bytes;
          const inodes = goal.inodes > 0 && less.inodes < selection.freed.inodes;
          expect(bytes || inodes).toBe(true);
        }
        // The engine would accept it: nothing is deleted before what was built on it.
        victims.forEach((_, at) => {
          expect(brute.isAllowed(brute.bitsOf(victims.slice(0, at + 1)))).toBe(true);
        });
        // The order is kept, but for those put off behind what was built on them.
        const free = victims.filter((id) => {
          const at = of.forest.unitIndex.get(id) ?? -1;
          return !of.forest.dependents.has(at);
        });
        expect(free).toEqual(order.filter((id) => free.includes(id)));
      }),
      { numRuns: 500 },
    );
  });
});
