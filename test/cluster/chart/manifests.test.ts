import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generateManifests, manifestsFolder } from '../../../scripts/manifests-generate.ts';
import { parseObjects } from '../../../harness/cluster/rendered-chart.ts';

const manifests = generateManifests();

it('deploy/kubernetes is what the chart makes today (else: npm run manifests:generate)', () => {
  const files = readdirSync(manifestsFolder).sort();
  expect(files).toEqual([...manifests.keys()].sort());
  for (const name of files)
    expect(readFileSync(join(manifestsFolder, name), 'utf8')).toBe(manifests.get(name));
});

it('has nothing of Helm in it, and all in one namespace', () => {
  const objects = [...manifests.values()].flatMap(parseObjects);
  expect(objects.map(({ kind }) => kind)).toEqual([
    'Namespace',
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
    'DaemonSet',
    'NetworkPolicy',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
  ]);
  const text = [...manifests.values()].join('');
  expect(text).not.toMatch(/helm\.sh|managed-by|-uninstall"/);
  for (const { kind, metadata } of objects)
    if (metadata.namespace !== undefined)
      expect(metadata.namespace).toBe(kind.startsWith('Role') ? 'default' : 'docker-image-cleaner');
});
