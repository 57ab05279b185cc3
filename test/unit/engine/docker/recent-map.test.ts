/** What is remembered of an engine's answers is bounded. */
import { expect, it } from 'vitest';
import { RecentMap } from '../../../../src/engine/docker/recent-map.ts';

it('forgets what was set longest ago once it is full', () => {
  const map = new RecentMap<number, string>();
  for (let key = 0; key < RecentMap.LIMIT; key += 1) map.set(key, 'told');
  map.set(0, 'told again');
  map.set(-1, 'new');
  expect(map.size).toBe(RecentMap.LIMIT);
  expect([map.has(1), map.get(0), map.get(-1)]).toEqual([false, 'told again', 'new']);
});
