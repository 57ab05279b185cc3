/**
 * Writes deploy/kubernetes/*.yaml, the manifests for people without Helm, from the chart: `npm run manifests:generate`.
 * A test fails when they are not what the chart makes today.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chart, helm } from '../harness/cluster/helm.ts';

const namespace = 'docker-image-cleaner';

export const manifestsFolder = fileURLToPath(new URL('../deploy/kubernetes', import.meta.url));

function header(purpose: string): string {
  return `# ${purpose}\n# Made from deploy/helm/docker-image-cleaner by \`npm run manifests:generate\`; change it there.\n`;
}

/** What only Helm has a use for. */
const helmOnly = /^\s*(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): |^# Source: /;

function render(template: string, ...set: string[]): string {
  const yaml = helm([
    ...['template', 'docker-image-cleaner', chart, '--namespace', namespace],
    ...['--show-only', `templates/${template}.yaml`, '--set', 'uninstallHook.enabled=false'],
    ...set.flatMap((value) => ['--set', value]),
  ]);
  const lines = yaml.split('\n').filter((line) => !helmOnly.test(line));
  return lines.join('\n').trim() + '\n';
}

/** Name and content of every manifest, in the order in which they are applied. */
export function generateManifests(): Map<string, string> {
  return new Map([
    [
      '1-namespace.yaml',
      header('The namespace. Pods that run as root and mount host directories need its Pod Security level.') +
        [
          '---',
          'apiVersion: v1',
          'kind: Namespace',
          'metadata:',
          `  name: ${namespace}`,
          '  labels:',
          '    pod-security.kubernetes.io/enforce: privileged',
          '',
        ].join('\n'),
    ],
    [
      '2-permissions.yaml',
      header(
        'Who the pods are, and all that they may do. Delete it only when the pods are gone: they need it to uncordon.',
      ) +
        render('serviceaccount') +
        render('rbac'),
    ],
    [
      '3-daemonset.yaml',
      header('One pod a node. Settings are the variables of its container; kubelet’s runtime is found.') +
        render('daemonset'),
    ],
    [
      '4-network-policy.yaml',
      header(
        'Who may connect to the pods: nobody but their own node, which probes and port-forward come from. Prometheus needs a rule here.',
      ) + render('networkpolicy'),
    ],
    [
      'admission-policy.yaml',
      header(
        'Optional, Kubernetes 1.30 and later: each pod may change only its own node, and of that only the cordon.',
      ) + render('admission-policy', 'admissionPolicy.enabled=true'),
    ],
  ]);
}

if (import.meta.main) {
  mkdirSync(manifestsFolder, { recursive: true });
  for (const [name, content] of generateManifests()) writeFileSync(join(manifestsFolder, name), content);
}
