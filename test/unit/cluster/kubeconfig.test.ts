import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConnection } from '../../../src/cluster/client.ts';
import { ClusterError } from '../../../src/cluster/error.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const whole = (server: string): string =>
  JSON.stringify({
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'one', user: 'me' } }],
    clusters: [{ name: 'one', cluster: { server } }],
    users: [{ name: 'me', user: {} }],
  });

describe('a kubeconfig that cannot be used', () => {
  it.each([
    ['empty', '', 'cannot be read: '],
    ['null', '~', 'is not a kubeconfig'],
    ['a sentence', 'nothing to see here', 'has no cluster for its current context'],
    ['a list', '[1, 2]', 'has no cluster for its current context'],
    ['of another kind', 'apiVersion: v1\nkind: Pod\n', 'has no cluster for its current context'],
    ['with a number for its clusters', 'clusters: 3\n', 'has no cluster for its current context'],
    ['broken YAML', '{ broken: [\n  - a\n', 'cannot be read: '],
    ['naming a context that it lacks', 'current-context: gone\n', 'for its current context "gone"'],
    ['with a server that is not a URL', whole('kubernetes'), 'not a URL: "kubernetes"'],
  ])('%s: refused in one line that names the file', async (_what, text, problem) => {
    const file = join(folder, 'config');
    writeFileSync(file, text);
    const opened = openConnection({ environment: { KUBECONFIG: file }, timeoutMs: 1000 });
    const error: unknown = await opened.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClusterError);
    const { message, code } = error as ClusterError;
    expect(code).toBe('invalid');
    expect(message).toContain(`KUBECONFIG ${file} `);
    expect(message).toContain(problem);
    expect(message).not.toContain('\n');
  });

  it('beside one that can be: the line names the one', async () => {
    const [good, bad] = [join(folder, 'good'), join(folder, 'bad')];
    writeFileSync(good, whole('https://127.0.0.1:6443'));
    writeFileSync(bad, '~');
    const environment = { KUBECONFIG: `${good}:${bad}` };
    await expect(openConnection({ environment, timeoutMs: 1000 })).rejects.toThrow(
      `KUBECONFIG ${bad} is not a kubeconfig.`,
    );
  });
});

it('a kubeconfig names the server', async () => {
  const file = join(folder, 'config');
  writeFileSync(file, whole('https://127.0.0.1:6443'));
  const { server } = await openConnection({ environment: { KUBECONFIG: file }, timeoutMs: 1000 });
  expect(server).toBe('https://127.0.0.1:6443');
});
