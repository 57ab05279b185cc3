/** The import directions in docs/architecture.md are those of the code, and there is one folder that deletes. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = globSync('src/**/*.ts', { cwd: root });

/** The row that a file falls under: its folder. `src/main.ts` has one of its own. */
function room(file: string): string {
  return file === 'src/main.ts' ? file : dirname(file);
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(root + file, 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, target = '']) =>
    normalize(`${dirname(file)}/${target}`),
  );
}

function allowedDirections(): ReadonlyMap<string, ReadonlySet<string>> {
  const text = readFileSync(`${root}docs/architecture.md`, 'utf8');
  const table = text.slice(text.indexOf('walls:begin'), text.indexOf('walls:end'));
  const rows = table.split('\n').filter((line) => line.startsWith('| src/'));
  return new Map(
    rows.map((row) => {
      const [, from = '', to = ''] = row.split('|').map((cell) => cell.trim());
      return [from, new Set(to.split(',').map((name) => name.trim()))];
    }),
  );
}

describe('the walls', () => {
  const allowed = allowedDirections();

  it('finds sources and rules', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(allowed.size).toBeGreaterThan(10);
  });

  it('lists every room in docs/architecture.md', () => {
    expect([...new Set(sources.map(room))].filter((name) => !allowed.has(name))).toEqual([]);
    expect([...allowed.keys()].filter((name) => !sources.some((file) => room(file) === name))).toEqual([]);
  });

  it('says of every room what it holds, and of no other', () => {
    const text = readFileSync(`${root}docs/architecture.md`, 'utf8');
    const rooms = text.slice(text.indexOf('## Rooms'), text.indexOf('## A sweep'));
    const told = [...rooms.matchAll(/^\| `(src\/[^`]+)`/gm)].map(([, name]) => name);
    const there = [...new Set(sources.map(room))].filter((name) => name !== 'src/main.ts');
    expect(told.sort()).toEqual(there.sort());
  });

  it.each(sources)('%s imports only where it may', (file) => {
    const from = room(relative('.', file));
    const outside = importsOf(file).filter((target) => target.startsWith('src/') && room(target) !== from);
    expect(outside.filter((target) => allowed.get(from)?.has(room(target)) !== true)).toEqual([]);
  });

  it('has one folder that deletes', () => {
    const deletes = /\.remove(Image|Container|CacheRecord)\(/;
    const callers = sources.filter((file) => deletes.test(readFileSync(root + file, 'utf8')));
    expect(callers.sort()).toEqual([
      'src/sweep/remove/cache-record.ts',
      'src/sweep/remove/container.ts',
      'src/sweep/remove/image.ts',
    ]);
  });

  it('prunes the build cache in one place, and there only by a record', () => {
    const prunes = sources.filter((file) =>
      readFileSync(root + file, 'utf8').includes("path: '/build/prune'"),
    );
    expect(prunes).toEqual(['src/engine/docker/docker-engine.ts']);
    const text = readFileSync(`${root}src/engine/docker/docker-engine.ts`, 'utf8');
    expect(text.match(/\/build\/prune'/g)).toHaveLength(1);
    expect(text).toContain('filters: JSON.stringify({ id: { [id]: true } })');
  });

  it('asks for no deletion by force, and calls no prune endpoint that takes more than one thing', () => {
    for (const file of sources) {
      const text = readFileSync(root + file, 'utf8');
      if (!file.startsWith('src/disk/')) expect(text, file).not.toMatch(/force['"]?\s*[:=,]\s*['"]?(true|1)/);
      expect(text, file).not.toMatch(/\/(images|containers|volumes|system)\/prune/);
    }
  });
});
