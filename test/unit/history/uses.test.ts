/** Containers into uses: restarts, what existed before, what was missed, clocks that are set back. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Container } from '../../../src/core/model/store.ts';
import type { UsageEvent } from '../../../src/core/use-history/apply-event.ts';
import { type FinishedUse, GRACE_MS, UseTracker } from '../../../src/history/uses.ts';

let events: UsageEvent[];
let finished: FinishedUse[];

function tracker(known: Readonly<Record<string, string>> = {}): UseTracker {
  return new UseTracker(new Map(Object.entries(known)), 0, {
    apply: (event) => events.push(event),
    finished: (use) => finished.push(use),
  });
}

beforeEach(() => {
  events = [];
  finished = [];
});

const said = (): readonly string[] =>
  events.map((event) =>
    'containerId' in event ? `${event.kind} ${event.containerId} ${event.atMs}` : event.kind,
  );

function container(id: string, state: string, createdAtMs = 0): Container {
  return { id, name: id, images: ['i'], state, createdAtMs, labels: {} };
}

const imagesOf = (): readonly string[] => ['i'];

describe('a container', () => {
  it('is one use from its creation to its removal', () => {
    const uses = tracker();
    uses.created('c', 'i', 'a:1', 10);
    uses.started('c', 20);
    expect(uses.inUse).toBe(1);
    uses.stopped('c', 30);
    uses.removed('c', 40);
    expect(said()).toEqual(['use-began c 10', 'use-ended c 40']);
    expect(finished).toEqual([{ imageId: 'i', reference: 'a:1', beganAtMs: 10, endedAtMs: 30 }]);
    expect(uses.inUse).toBe(0);
  });

  it('that is restarted within the grace is the same use', () => {
    const uses = tracker();
    uses.created('c', 'i', undefined, 0);
    for (let at = 1000; at < 10 * GRACE_MS; at += GRACE_MS) {
      uses.stopped('c', at);
      uses.settle(at + GRACE_MS - 1);
      uses.started('c', at + GRACE_MS - 1);
    }
    expect(said()).toEqual(['use-began c 0']);
  });

  it('that is started later is another use of the same image', () => {
    const uses = tracker();
    uses.created('c', 'i', 'a:1', 0);
    uses.stopped('c', 5);
    uses.settle(5 + GRACE_MS);
    expect(said()).toEqual(['use-began c 0']);
    uses.settle(6 + GRACE_MS);
    uses.stopped('c', 7 + GRACE_MS);
    uses.started('c', 1_000_000);
    uses.removed('c', 1_000_001);
    expect(said()).toEqual([
      'use-began c 0',
      `use-ended c ${6 + GRACE_MS}`,
      'use-began c 1000000',
      'use-ended c 1000001',
    ]);
    expect(finished.map(({ beganAtMs, endedAtMs }) => [beganAtMs, endedAtMs])).toEqual([
      [0, 5],
      [1_000_000, 1_000_001],
    ]);
  });

  it('is counted once, however often its events are repeated', () => {
    const uses = tracker();
    for (let again = 0; again < 2; again++) {
      uses.created('c', 'i', undefined, 1);
      uses.started('c', 1);
    }
    for (let again = 0; again < 2; again++) uses.removed('c', 2);
    uses.stopped('x', 3);
    uses.started('x', 3);
    uses.removed('x', 3);
    expect(said()).toEqual(['use-began c 1', 'use-ended c 2']);
  });

  it('does not wait for a future time when the clock is set back', () => {
    const uses = tracker();
    uses.created('c', 'i', undefined, 1_000_000);
    uses.stopped('c', 1_000_000);
    uses.settle(500);
    expect(said()).toEqual(['use-began c 1000000', 'use-ended c 500']);
    expect(finished).toMatchObject([{ beganAtMs: 1_000_000, endedAtMs: 1_000_000 }]);
  });

  it('that was known before ends as any other', () => {
    const uses = tracker({ c: 'i', 'c/j': 'j' });
    uses.removed('c', 9);
    expect(said()).toEqual(['use-ended c 9', 'use-ended c/j 9']);
    expect(finished.map(({ imageId }) => imageId)).toEqual(['i', 'j']);
  });

  it('still runs when the process ends: the trace hears of it, the history keeps it', () => {
    const uses = tracker();
    uses.created('c', 'i', undefined, 1);
    uses.leave(5);
    expect(finished).toMatchObject([{ beganAtMs: 1, endedAtMs: 5 }]);
    expect(said()).toEqual(['use-began c 1']);
  });
});

describe('a list', () => {
  it.each(['created', 'running', 'paused', 'restarting', 'removing', 'unheard-of'])(
    '%s is in use',
    (state) => {
      expect([...tracker().listed([container('c', state)], imagesOf, 1, undefined)]).toEqual([['c', 'i']]);
    },
  );

  it.each(['exited', 'dead'])('%s is not', (state) => {
    expect(tracker().listed([container('c', state)], imagesOf, 1, undefined).size).toBe(0);
    expect(events).toEqual([]);
  });

  it('ends what is missing or has stopped', () => {
    const uses = tracker({ gone: 'i', stopped: 'i', runs: 'i' });
    const list = [container('stopped', 'exited'), container('runs', 'running')];
    expect([...uses.listed(list, imagesOf, 7, 5).keys()]).toEqual(['runs']);
    expect(said()).toEqual(['use-ended gone 7', 'use-ended stopped 7']);
    expect(uses.knows('gone')).toBe(false);
  });

  it('keeps a container within its grace', () => {
    const uses = tracker({ c: 'i' });
    uses.stopped('c', 5);
    expect([...uses.listed([container('c', 'exited')], imagesOf, 7, undefined).keys()]).toEqual(['c']);
  });

  it('counts containers that started and stopped in a gap, once, and not those stopped before', () => {
    const uses = tracker();
    const list = [container('old', 'exited', 3_000), container('new', 'exited', 9_000)];
    expect(uses.listed(list, imagesOf, 12_000, 8_500).size).toBe(0);
    uses.listed(list, imagesOf, 13_000, 8_500);
    expect(said()).toEqual(['use-began new 12000', 'use-ended new 12000']);
  });

  it('knows every image that a container holds', () => {
    const uses = tracker();
    const inUse = uses.listed([container('c', 'running')], () => ['i', 'mounted'], 1, undefined);
    expect([...inUse]).toEqual([
      ['c', 'i'],
      ['c/mounted', 'mounted'],
    ]);
    uses.removed('c', 2);
    expect(said()).toEqual(['use-ended c 2', 'use-ended c/mounted 2']);
  });
});
