/** Deletes an image, name by name where it has several. */
import { sleep } from '../../system/clock.ts';
import {
  type Container,
  holders,
  type Image,
  type ImageId,
  references,
  repositoryOf,
  shortId,
} from '../../core/model/store.ts';
import type { Victim } from '../../core/plan/plan.ts';
import {
  type Engine,
  type EngineCapabilities,
  EngineError,
  type RemovalTarget,
} from '../../engine/engine.ts';
import {
  contradicted,
  LOOKS,
  type RemovalOptions,
  type RemovalOutcome,
  removeOnce,
  type Seen,
} from './outcome.ts';

/**
 * Deletes a victim of a plan, if it is still what the plan saw and still unused.
 * @throws EngineError when the engine cannot be asked whether the image is unused (nothing was deleted then).
 */
export async function removeImage(
  engine: Engine,
  victim: Victim,
  options: RemovalOptions,
): Promise<RemovalOutcome> {
  const result = await removeNameByName(engine, victim, options);
  // Otherwise its end is unknown; what was written down is kept, also where this throws.
  if (result.outcome !== 'unresolved') await options.removedNames?.forget();
  return result;
}

async function removeNameByName(
  engine: Engine,
  victim: Victim,
  options: RemovalOptions,
): Promise<RemovalOutcome> {
  const removedTags: string[] = [];
  let lastName: string | undefined;
  // Every round removes one name, so the names bound the rounds; one more for the image itself, one for a late name.
  for (let round = 0; round <= victim.references.length + 1; round += 1) {
    const { image, containers } = await lookAt(victim.id, engine, options.abandon);
    if (image === undefined) return { outcome: removedTags.length > 0 ? 'deleted' : 'gone' };
    const objection = changedSincePlan(victim, image, containers, options);
    if (objection !== undefined || options.stop.aborted) {
      await giveBack(engine, victim.id, removedTags, options);
      return { outcome: 'kept', reason: objection ?? 'the cleaner is stopping' };
    }
    const target = nextTarget(image, engine.capabilities);
    const name = target.by === 'reference' ? target.reference : undefined;
    if (name !== undefined && name === lastName) {
      await giveBack(engine, victim.id, removedTags, options);
      return contradicted(`the name ${name} is still there`);
    }
    lastName = name;
    if (target.by === 'reference')
      await options.removedNames?.note(victim.id, [...removedTags, target.reference]);
    const step = await removeTarget(engine, target, image, victim, options);
    if (step.outcome === 'untagged') {
      // The engine's word for what went: one deletion can take several names along.
      removedTags.push(...image.tags.filter((tag) => step.names.includes(tag)));
      continue;
    }
    if (step.outcome === 'kept' || step.outcome === 'failed' || step.outcome === 'denied') {
      await giveBack(engine, victim.id, removedTags, options);
    }
    return step;
  }
  await giveBack(engine, victim.id, removedTags, options);
  return { outcome: 'kept', reason: 'it was given new names faster than they could be removed' };
}

/**
 * The image and all containers as they are right now. An engine that refuses to delete an image in use is asked for
 * both at once: that halves the time in which anything can change. Elsewhere containers are asked for last, because
 * an engine that refuses nothing must not get an image that came into use since that answer.
 */
async function lookAt(
  id: ImageId,
  engine: Engine,
  signal: AbortSignal,
): Promise<{ readonly image: Image | undefined; readonly containers: readonly Container[] }> {
  if (engine.capabilities.refusesImagesInUse) {
    const [image, containers] = await Promise.all([
      engine.inspectImage(id, signal),
      engine.listContainers(signal),
    ]);
    return { image, containers };
  }
  const image = await engine.inspectImage(id, signal);
  return { image, containers: image === undefined ? [] : await engine.listContainers(signal) };
}

/** Why the image is no longer what the plan decided about, if so. */
function changedSincePlan(
  victim: Victim,
  image: Image,
  containers: readonly Container[],
  { isStillUnused }: Pick<RemovalOptions, 'isStillUnused'>,
): string | undefined {
  const holder = holders({ images: [image], containers, layers: new Map() }).get(image.id)?.[0];
  if (holder !== undefined) return `container ${holder.name} (${holder.state}) uses it now`;
  if (image.engineNeeds !== undefined) return image.engineNeeds.reason;
  const added = references(image).find((reference) => !isKnown(reference, victim.references));
  if (added !== undefined) return `it was given the name ${added} after the plan was made`;
  // A container that started and ended is in no list, but in the history.
  if (isStillUnused?.(image) === false) return 'it is no longer known to have been unused for that long';
  return undefined;
}

/**
 * Whether the plan knew of a name. A digest in a repository in which the image had a tag is not a new name: Docker's
 * containerd image store lists the digest of one repository, and all of them when asked about the image.
 */
function isKnown(reference: string, known: readonly string[]): boolean {
  if (known.includes(reference)) return true;
  const [repository, digest] = reference.split('@');
  return digest !== undefined && known.some((name) => repositoryOf(name) === repository);
}

/**
 * What to delete next. A name can be moved to another image between our look and the engine's act, an ID cannot:
 * so names are used only while there are several (the engine then refuses the ID without force), the last step
 * is by ID. "Several" is the engine's own rule: more than one tag, or digests of another repository than the tag's.
 * Where a deletion takes all names at once there is nothing to do one by one.
 */
function nextTarget(image: Image, { namesOneByOne }: EngineCapabilities): RemovalTarget {
  if (!namesOneByOne) return { by: 'id', id: image.id };
  const [firstTag, ...otherTags] = image.tags;
  const repositories = new Set(image.digests.map(repositoryOf));
  if (otherTags.length > 0 && firstTag !== undefined) return { by: 'reference', reference: firstTag };
  if (firstTag !== undefined) repositories.add(repositoryOf(firstTag));
  // The tag first: removing a repository's digest can take its tags along, the other way round is what we want.
  const [name] = [...image.tags, ...image.digests];
  if (repositories.size > 1 && name !== undefined) return { by: 'reference', reference: name };
  return { by: 'id', id: image.id };
}

type Step = RemovalOutcome | { readonly outcome: 'untagged'; readonly names: readonly string[] };

async function removeTarget(
  engine: Engine,
  target: RemovalTarget,
  before: Image,
  { id, keepParents }: Victim,
  options: RemovalOptions,
): Promise<Step> {
  return await removeOnce<Step>(
    shortId(id),
    async () => {
      const removal = await engine.removeImage(target, { keepParents }, options.abandon);
      if (removal.outcome === 'not-found')
        return target.by === 'id' ? { outcome: 'gone' } : { outcome: 'untagged', names: [] };
      if (removal.outcome === 'conflict')
        return { outcome: 'kept', reason: `the engine refused: ${removal.message}` };
      return removal.deleted.includes(id) || target.by === 'id'
        ? { outcome: 'deleted' }
        : { outcome: 'untagged', names: [...removal.untagged, target.reference] };
    },
    async (isOver): Promise<Seen<Step>> => {
      const image = await engine.inspectImage(id, options.abandon);
      if (image === undefined) return { ended: { outcome: 'deleted' } };
      const names = references(image);
      const lost = references(before).filter((name) => !names.includes(name));
      // Names that went are progress: without them the engine has less to write, and the next step may succeed.
      if (isOver && lost.length > 0) return { ended: { outcome: 'untagged', names: lost } };
      if (target.by === 'reference' && !references(image).includes(target.reference))
        return { ended: { outcome: 'untagged', names: [target.reference] } };
      return { there: 'the image is still there' };
    },
    options,
  );
}

/**
 * Gives back the tags of an image that is kept after all: it must not lose its name while a container uses it.
 * @throws EngineError naming the tags that are lost, when the engine is unreachable at every try.
 */
async function giveBack(
  engine: Engine,
  id: ImageId,
  tags: readonly string[],
  options: RemovalOptions,
): Promise<void> {
  for (const tag of tags) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Somebody may have given the name to another image meanwhile; then it is theirs.
        if ((await engine.inspectImage(tag, options.abandon)) === undefined) {
          await engine.tagImage(id, tag, options.abandon);
        }
        break;
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        // Answered with an error, as on a full disk, the name may nevertheless be back.
        if (error.code === 'failed' && (await isBack(engine, tag, options))) break;
        if (attempt >= LOOKS) {
          throw new EngineError(
            error.code,
            `${shortId(id)} is kept but lost its name: restore it with "docker tag ${shortId(id)} ${tag}". ${error.message}`,
            { cause: error },
          );
        }
        await sleep(options.settleMs, options.abandon);
        options.abandon.throwIfAborted();
      }
    }
  }
}

async function isBack(engine: Engine, tag: string, { abandon }: RemovalOptions): Promise<boolean> {
  try {
    return (await engine.inspectImage(tag, abandon)) !== undefined;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return false;
  }
}
