/** Every page of the documentation that is made from the code, formatted as the project's formatter would. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { chartReadme } from './chart-readme.ts';
import { configurationPage } from './configuration-page.ts';
import { enginesPage } from './engines-page.ts';
import { eventsPage, logSchema } from './events-page.ts';
import { jsonPage, outputSchema } from './json-page.ts';
import { metricsPage } from './metrics-page.ts';
import { dashboardJson } from '../dashboard/dashboard.ts';

export interface GeneratedPage {
  /** Absolute path of the committed page. */
  readonly file: string;
  render(): Promise<string>;
}

export const generatedPages: readonly GeneratedPage[] = [
  page('docs/configuration.md', configurationPage),
  page('docs/engines.md', enginesPage),
  page('docs/metrics.md', metricsPage),
  page('docs/events.md', eventsPage),
  page('docs/schema/log.schema.json', logSchema),
  page('docs/json.md', jsonPage),
  ...['plan', 'clean', 'status', 'simulate'].map((name) =>
    page(`docs/schema/${name}.schema.json`, () => outputSchema(name)),
  ),
  page('deploy/helm/docker-image-cleaner/README.md', chartReadme),
  page('deploy/helm/docker-image-cleaner/files/prometheus-rules.yaml', copyOf('prometheus/rules.yaml')),
  page('deploy/grafana/docker-image-cleaner.json', dashboardJson),
  // The chart can only read what is in its own folder.
  page('deploy/helm/docker-image-cleaner/files/dashboard.json', dashboardJson),
];

/** A copy for the chart. */
function copyOf(path: string): () => string {
  return () => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');
}

function page(path: string, markdown: () => string): GeneratedPage {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  return {
    file,
    render: async () => format(markdown(), { ...(await resolveConfig(file)), filepath: file }),
  };
}
