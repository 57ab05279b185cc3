/**
 * Panels of the Grafana dashboard, typed by Grafana's own schema (`@grafana/schema`, made from its definitions): a field or
 * an option that Grafana does not know does not type-check.
 */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  type DataSourceRef,
  type DataTransformerConfig,
  type FieldConfig,
  type FieldConfigSource,
  GraphDrawStyle,
  LegendDisplayMode,
  MappingType,
  type Panel,
  PercentChangeColorMode,
  SortOrder,
  StackingMode,
  TableCellHeight,
  ThresholdsMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizOrientation,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as TimelineField,
  Options as TimelineOptions,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type {
  FieldConfig as GraphField,
  Options as GraphOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

export const datasource: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

/** A panel without its place and its number, which the rows give it. */
export type Draft = Panel & { readonly title: string; readonly width: number; readonly height: number };

/** A question that an operator asks, and what answers it. */
export interface Row {
  readonly question: string;
  readonly panels: readonly Draft[];
}

interface Common {
  readonly title: string;
  readonly description: string;
  /** Of 24 columns. */
  readonly width: number;
  /** Text for a panel without data. */
  readonly noValue?: string;
}

/** A query, and how its series are called. */
export type Query = readonly [expr: string, legend?: string];

function targets(queries: readonly Query[], instant: boolean): Record<string, unknown>[] {
  return queries.map(([expr, legendFormat = ''], place) => ({
    refId: String.fromCharCode(65 + place),
    datasource,
    editorMode: 'code',
    expr,
    legendFormat,
    ...(instant ? { instant: true, range: false, format: 'table' } : { range: true }),
  }));
}

/** One number, coloured from `from` on. */
export function stat({
  query,
  unit = 'short',
  bad,
  ...common
}: Common & {
  readonly query: string;
  readonly unit?: string;
  readonly bad?: { readonly from: number; readonly color: string };
}): Draft {
  const options: StatOptions = {
    colorMode: BigValueColorMode.Value,
    graphMode: BigValueGraphMode.None,
    justifyMode: BigValueJustifyMode.Auto,
    orientation: VizOrientation.Auto,
    percentChangeColorMode: PercentChangeColorMode.Standard,
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    showPercentChange: false,
    textMode: BigValueTextMode.Auto,
    wideLayout: true,
  };
  const steps = [
    { color: bad === undefined ? 'text' : 'green', value: null },
    ...(bad === undefined ? [] : [{ color: bad.color, value: bad.from }]),
  ];
  return draft('stat', common, {
    height: 4,
    options,
    targets: targets([[query]], false),
    field: { unit, thresholds: { mode: ThresholdsMode.Absolute, steps } },
  });
}

/** Lines over time; bars where each is what happened meanwhile. */
export function graph({
  queries,
  unit,
  max,
  isStacked = false,
  isBars = false,
  dashed,
  ...common
}: Common & {
  readonly queries: readonly Query[];
  readonly unit: string;
  readonly max?: number;
  readonly isStacked?: boolean;
  readonly isBars?: boolean;
  /** A pattern of the names of series that are no measurements. */
  readonly dashed?: string;
}): Draft {
  const options: GraphOptions = {
    legend: {
      calcs: ['lastNotNull', 'max'],
      displayMode: LegendDisplayMode.Table,
      placement: 'bottom',
      showLegend: true,
      sortBy: 'Last *',
      sortDesc: true,
    },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending, hideZeros: isBars || isStacked },
  };
  const custom: GraphField = {
    drawStyle: isBars ? GraphDrawStyle.Bars : GraphDrawStyle.Line,
    lineWidth: 1,
    fillOpacity: isStacked || isBars ? 40 : 0,
    showPoints: VisibilityMode.Never,
    spanNulls: false,
    stacking: { mode: isStacked ? StackingMode.Normal : StackingMode.None, group: 'A' },
  };
  const overrides: FieldConfigSource['overrides'] =
    dashed === undefined
      ? []
      : [
          {
            matcher: { id: 'byRegexp', options: dashed },
            properties: [
              { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
              { id: 'custom.lineWidth', value: 2 },
            ],
          },
        ];
  return draft('timeseries', common, {
    height: 9,
    options,
    targets: targets(queries, false),
    field: { unit, min: 0, ...(max !== undefined && { max }), custom: { ...custom } },
    overrides,
  });
}

/** What was when, in words. */
export function timeline({
  query,
  states,
  ...common
}: Common & {
  readonly query: Query;
  readonly states: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
}): Draft {
  const options: TimelineOptions = {
    legend: { calcs: [], displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: true },
    mergeValues: true,
    rowHeight: 0.8,
    showValue: VisibilityMode.Never,
    tooltip: { mode: TooltipDisplayMode.Single, sort: SortOrder.None },
  };
  const custom: TimelineField = { fillOpacity: 70, lineWidth: 0 };
  return draft('state-timeline', common, {
    height: 7,
    options,
    targets: targets([query], false),
    field: { custom: { ...custom }, mappings: [{ type: MappingType.ValueToText, options: { ...states } }] },
  });
}

/** One line for each value of a label; a column for each query. */
export function table({
  by,
  columns,
  sortBy,
  ...common
}: Common & {
  readonly by: Readonly<Record<string, string>>;
  readonly columns: readonly {
    readonly name: string;
    readonly query: string;
    readonly unit: string;
    /** Drawn as a bar up to 1. */
    readonly isShare?: boolean;
  }[];
  readonly sortBy?: string;
}): Draft {
  const options: TableOptions = {
    cellHeight: TableCellHeight.Sm,
    frameIndex: 0,
    showHeader: true,
    ...(sortBy !== undefined && { sortBy: [{ displayName: sortBy, desc: true }] }),
  };
  const labels = Object.keys(by);
  // A single query's column is called Value, without a letter.
  const valueOf = (place: number): string =>
    columns.length === 1 ? 'Value' : `Value #${String.fromCharCode(65 + place)}`;
  const values = columns.map((_, place) => valueOf(place));
  const [first = ''] = labels;
  const transformations: DataTransformerConfig[] = [
    ...(columns.length === 1 ? [] : [{ id: 'joinByField', options: { byField: first, mode: 'outer' } }]),
    { id: 'filterFieldsByName', options: { include: { names: [...labels, ...values] } } },
    {
      id: 'organize',
      options: {
        indexByName: Object.fromEntries([...labels, ...values].map((name, place) => [name, place])),
        renameByName: {
          ...by,
          ...Object.fromEntries(columns.map(({ name }, place) => [valueOf(place), name])),
        },
      },
    },
  ];
  return draft('table', common, {
    height: 9,
    options,
    targets: targets(
      columns.map(({ query }) => [query] as const),
      true,
    ),
    transformations,
    field: {},
    overrides: columns.map(({ name, unit, isShare = false }) => ({
      matcher: { id: 'byName', options: name },
      properties: [
        { id: 'unit', value: unit },
        ...(isShare
          ? [
              { id: 'min', value: 0 },
              { id: 'max', value: 1 },
              { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic' } },
            ]
          : []),
      ],
    })),
  });
}

function draft(
  type: string,
  { title, description, width, noValue }: Common,
  more: Pick<Panel, 'targets' | 'transformations'> & {
    readonly height: number;
    readonly options: object;
    readonly field: FieldConfig;
    readonly overrides?: FieldConfigSource['overrides'];
  },
): Draft {
  const { height, options, field, overrides = [], ...rest } = more;
  return {
    type,
    title,
    description,
    width,
    height,
    datasource,
    ...rest,
    options: { ...options },
    fieldConfig: { defaults: { ...field, ...(noValue !== undefined && { noValue }) }, overrides },
  };
}
