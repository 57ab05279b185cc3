/** Events of the node and its cluster: permissions, the API server, slots, the cordon. */
import { formatCount, formatDuration } from '../core/model/format.ts';
import { define } from './definition.ts';
import { because, count, message, number, oneOf, text, yes } from './fields.ts';

const task = text('e.g. `cordon`');
const slot = text('name of the Lease');

export const clusterEvents = {
  'cluster.access-missing': define({
    level: {
      text: 'error; warn where not required',
      of: (event) => (event.required ? 'error' : 'warn'),
    },
    when: 'at the start, for each missing permission',
    fields: { message, required: yes('the process ends with status 2') },
    says: (event) => event.message,
  }),
  'cluster.failing': define({
    level: 'warn',
    when: 'the API server refuses or does not answer; retried until it works; once',
    fields: { task, message },
    says: (event) => `${event.task}: ${event.message} Trying again until it works.`,
  }),
  'cluster.working': define({
    level: 'info',
    when: 'it works again',
    fields: {
      task,
      failedForSeconds: number(''),
      tries: count('successful one included'),
    },
    says: (event) =>
      `${event.task} works again after ${formatDuration(event.failedForSeconds)} and ${event.tries} tries`,
  }),
  'slot.waiting': define({
    level: 'info',
    when: 'the maximum number of nodes is sweeping',
    fields: { slots: count('') },
    says: (event) => `waiting for a slot: ${formatCount(event.slots, 'other node')} sweeping, the maximum`,
  }),
  'slot.taken': define({
    level: 'info',
    when: 'this node may sweep',
    fields: { slot },
    says: (event) => `slot ${event.slot} taken: this node may sweep`,
  }),
  'slot.lost': define({
    level: 'warn',
    when: 'the slot could not be renewed; the sweep ends',
    fields: { slot, reason: because },
    says: (event) => `lost ${event.slot}, the sweep ends: ${event.reason}`,
  }),
  'node.cordoned': define({
    level: 'info',
    when: 'for the sweep',
    fields: { mode: oneOf(['cordon', 'taint'], '') },
    says: (event) => (event.mode === 'taint' ? 'node tainted for the sweep' : 'node cordoned for the sweep'),
  }),
  'node.already-cordoned': define({
    level: 'info',
    when: 'by somebody else; left alone',
    fields: {},
    says: () => 'the node was already cordoned by somebody else and is left cordoned',
  }),
  'node.uncordoned': define({
    level: 'info',
    when: 'after a sweep, or at the start after an earlier run',
    fields: { leftBehind: yes('by an earlier run') },
    says: (event) =>
      event.leftBehind ? 'node uncordoned: the cordon was left behind by an earlier run' : 'node uncordoned',
  }),
  'node.left-cordoned': define({
    level: 'warn',
    when: 'somebody removed our annotation, or another cleaner holds the cordon',
    fields: { why: oneOf(['annotation-removed', 'other-holder'], '') },
    says: (event) =>
      event.why === 'annotation-removed'
        ? 'node left cordoned: somebody removed our annotation'
        : 'node left cordoned: another cleaner holds its cordon',
  }),
  'node.gone': define({
    level: 'info',
    when: 'the node does not exist any more',
    fields: {},
    says: () => 'the node does not exist any more',
  }),
  'cordon.skipped': define({
    level: 'warn',
    when: 'the disk is critical and the node could not be cordoned',
    fields: { reason: because },
    says: (event) => `sweeping without a cordon: ${event.reason}`,
  }),
  'cordon.time-limit': define({
    level: 'warn',
    when: 'the node was cordoned for `MAX_CORDON_SECONDS`',
    fields: { maxCordonSeconds: number('') },
    says: (event) =>
      `the node was cordoned for ${formatDuration(event.maxCordonSeconds)}: uncordoned, the sweep ends`,
  }),
};
