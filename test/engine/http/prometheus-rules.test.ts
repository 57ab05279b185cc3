/** The alert rules by Prometheus' own tool: valid, fire when they should and not when they should not. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { promtool } from '../../../harness/program/prometheus.ts';
import { repositoryRoot } from '../../../harness/program/cli.ts';

const folder = `${repositoryRoot}deploy/prometheus`;

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: { readonly severity: string };
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}
const rules = (parse(readFileSync(`${folder}/rules.yaml`, 'utf8')) as Rules).groups.flatMap(
  (group) => group.rules,
);
const tests = readFileSync(`${folder}/rules_test.yaml`, 'utf8');

describe('deploy/prometheus/rules.yaml', () => {
  it('is valid', () => {
    expect(promtool(['check', 'rules', 'rules.yaml'], { cwd: folder })).toMatchObject({ status: 0 });
  });

  it('fires and does not fire as rules_test.yaml says', () => {
    expect(promtool(['test', 'rules', 'rules_test.yaml'], { cwd: folder })).toMatchObject({ status: 0 });
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s is tested both ways, and docs/alerts.md says what to do',
    (alert, { labels, annotations }) => {
      expect(tests).toMatch(new RegExp(`alertname: ${alert}, exp_alerts: \\[\\]`));
      expect(tests).toMatch(new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n`));
      expect(['warning', 'critical']).toContain(labels.severity);
      expect(annotations['runbook_url']).toMatch(
        new RegExp(`^https://.+/docs/alerts\\.md#${alert.toLowerCase()}$`),
      );
      expect(readFileSync(`${repositoryRoot}docs/alerts.md`, 'utf8')).toContain(`\n## ${alert}\n`);
    },
  );
});
