/** Who we are, in the marks on nodes. */
import { hostname } from 'node:os';

/** `namespace/pod`, else the host's name: for people who find a cordon. */
export function podName(env: NodeJS.ProcessEnv): string {
  const pod = env['POD_NAME'] ?? hostname();
  return env['POD_NAMESPACE'] === undefined ? pod : `${env['POD_NAMESPACE']}/${pod}`;
}
