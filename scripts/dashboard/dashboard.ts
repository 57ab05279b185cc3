/** The Grafana dashboard, made from the table of metrics: `npm run docs:generate` writes it to deploy/grafana. */
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardCursorSync,
  type DataQuery,
  defaultDashboard,
  type Panel,
  type RowPanel,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/schema';
import { metrics } from '../../src/surfaces/metrics/table.ts';
import { datasource, type Draft } from './panels.ts';
import { of } from './query.ts';
import { diskRows } from './disk-rows.ts';
import { sweepRows } from './sweep-rows.ts';

const COLUMNS = 24;
const docs = 'https://github.com/docker-image-cleaner/docker-image-cleaner/tree/main/docs';

/** Rows from the top, panels from left to right. */
function placed(): (Panel | RowPanel)[] {
  let [id, y] = [0, 0];
  return [...diskRows, ...sweepRows].flatMap(({ question, panels }) => {
    const row: RowPanel = {
      type: 'row',
      id: ++id,
      title: question,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    };
    y += 1;
    let [x, height] = [0, 0];
    const placedPanels = panels.map(({ width, height: own, ...panel }: Draft): Panel => {
      if (x + width > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      const gridPos = { x, y, w: width, h: own };
      x += width;
      height = Math.max(height, own);
      return { id: ++id, gridPos, ...panel };
    });
    y += height;
    return [row, ...placedPanels];
  });
}

function variable(
  name: string,
  label: string,
  query: string,
  more: Partial<VariableModel> = {},
): VariableModel & { readonly definition: string } {
  return {
    type: 'query',
    name,
    label,
    datasource,
    definition: query,
    query: { qryType: 1, query, refId: name },
    refresh: VariableRefresh.onDashboardLoad,
    sort: VariableSort.naturalAsc,
    ...more,
  };
}

const build = metrics.buildInfo.name;
const variables: VariableModel[] = [
  { type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus' },
  variable('job', 'Job', `label_values(${build}, job)`, {
    current: { text: 'docker-image-cleaner', value: 'docker-image-cleaner' },
  }),
  variable('instance', 'Node', `label_values(${build}{job="$job"}, instance)`, {
    refresh: VariableRefresh.onTimeRangeChanged,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  }),
];

/** A query whose times are marked on every graph, as Grafana's Prometheus data source has it. */
interface PrometheusAnnotation extends AnnotationQuery<DataQuery & Record<string, unknown>> {
  readonly titleFormat: string;
  readonly textFormat: string;
  readonly tagKeys: string;
}

function mark(
  name: string,
  iconColor: string,
  title: string,
  expr: string,
  enable: boolean,
): PrometheusAnnotation {
  return {
    name,
    enable,
    iconColor,
    datasource,
    target: { refId: 'Anno', expr, interval: '1m' },
    titleFormat: title,
    textFormat: '',
    tagKeys: 'instance',
  };
}

/** A sweep may be shorter than the time between two scrapes: its end is counted as well. */
const sweeping = `sum by (instance) (${of('sweepActive')}) > 0 or sum by (instance) (increase(${of('sweeps', 'outcome!="dry-run"')}[2m])) > 0`;

const annotations: AnnotationQuery[] = [
  {
    builtIn: 1,
    datasource: { type: 'grafana', uid: '-- Grafana --' },
    enable: true,
    hide: true,
    iconColor: 'rgba(0, 211, 255, 1)',
    name: 'Annotations & Alerts',
    type: 'dashboard',
  },
  mark('Sweeps', 'blue', 'Sweep on {{instance}}', sweeping, true),
  mark(
    'Cordons',
    'orange',
    '{{instance}} is cordoned',
    `sum by (instance) (${of('nodeCordoned')}) > 0`,
    false,
  ),
];

const dashboard: Dashboard = {
  title: 'docker-image-cleaner',
  uid: 'docker-image-cleaner',
  description: 'Disks, sweeps and cordons of a fleet of image cleaners.',
  tags: ['docker-image-cleaner'],
  schemaVersion: defaultDashboard.schemaVersion,
  version: 1,
  editable: true,
  graphTooltip: DashboardCursorSync.Crosshair,
  refresh: '1m',
  time: { from: 'now-24h', to: 'now' },
  timezone: 'browser',
  templating: { list: variables },
  annotations: { list: annotations },
  links: [
    ['Metrics', 'metrics.md'],
    ['Alerts', 'alerts.md'],
    ['Troubleshooting', 'troubleshooting.md'],
  ].map(([title = '', page = '']) => ({
    type: 'link',
    title,
    url: `${docs}/${page}`,
    icon: 'doc',
    tooltip: '',
    tags: [],
    asDropdown: false,
    includeVars: false,
    keepTime: false,
    targetBlank: true,
  })),
  panels: placed(),
};

export function dashboardJson(): string {
  return JSON.stringify(dashboard);
}
