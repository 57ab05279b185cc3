/**
 * The one place that deletes. It looks again right before, never forces, and has one deletion in flight at most: it
 * does not return before the engine has answered or, where the answer was lost, before it is known how it ended.
 */
import { hasFired, sleep } from './clock.ts';
import { shortId } from './core/protection.ts';
import { type Container, holders, type Image, type ImageId, references } from './core/store.ts';
import type { Victim } from './core/plan.ts';
import { type Engine, EngineError, type RemovalTarget } from './engine/engine.ts';

export type RemovalOutcome =
  | { readonly outcome: 'deleted' }
  /** Somebody else was first. */
  | { readonly outcome: 'gone' }
  /** It may not or cannot go now; names removed on the way were given back. */
  | { readonly outcome: 'kept'; readonly reason: string }
  /** The engine answered with an error of its own. */
  | { readonly outcome: 'failed'; readonly message: string }
  /** The engine did not come to an end with it: another deletion now could be the second in flight. */
  | { readonly outcome: 'unresolved'; readonly message: string };

export interface RemovalOptions {
  /** How long to wait before looking whether an unanswered deletion has happened. */
  readonly settleMs: number;
  /** How often to look before giving up. */
  readonly looks: number;
  /** Called when a deletion was not answered, before the wait. */
  readonly onUnanswered: (message: string) => void;
  /** No further step is begun once this fires. */
  readonly stop: AbortSignal;
  /** The request under way is abandoned when this fires. */
  readonly abandon: AbortSignal;
}

/**
 * Deletes a victim of a plan, if it is still what the plan saw and still unused.
 * @throws EngineError when the engine cannot be asked whether the image is unused (nothing was deleted then).
 */
export async function removeImage(
  engine: Engine,
  victim: Victim,
  options: RemovalOptions,
): Promise<RemovalOutcome> {
  const removedTags: string[] = [];
  // Every round removes one name, so the names bound the rounds; one more for the image itself, one for a late name.
  for (let round = 0; round <= victim.references.length + 1; round += 1) {
    const [containers, image] = await Promise.all([
      engine.listContainers(options.abandon),
      engine.inspectImage(victim.id, options.abandon),
    ]);
    if (image === undefined) return { outcome: removedTags.length > 0 ? 'deleted' : 'gone' };
    const objection = changedSincePlan(victim, image, containers);
    if (objection !== undefined || options.stop.aborted) {
      await giveBack(engine, victim.id, removedTags, options);
      return { outcome: 'kept', reason: objection ?? 'the cleaner was told to stop' };
    }
    const target = nextTarget(image);
    const step = await removeOnce(engine, target, victim, options);
    if (step.outcome === 'untagged') {
      // The engine's word for what went: one deletion can take several names along.
      removedTags.push(...image.tags.filter((tag) => step.names.includes(tag)));
      continue;
    }
    if (step.outcome === 'kept' || step.outcome === 'failed') {
      await giveBack(engine, victim.id, removedTags, options);
    }
    return step;
  }
  return { outcome: 'kept', reason: 'it was given new names faster than they could be removed' };
}

/** Why the image is no longer what the plan decided about, if so. */
function changedSincePlan(
  victim: Victim,
  image: Image,
  containers: readonly Container[],
): string | undefined {
  const holder = holders({ images: [image], containers, layers: new Map() }).get(image.id)?.[0];
  if (holder !== undefined) return `container ${holder.name} (${holder.state}) uses it now`;
  const added = references(image).find((reference) => !victim.references.includes(reference));
  if (added !== undefined) return `it was given the name ${added} after the plan was made`;
  return undefined;
}

/**
 * What to delete next. A name can be moved to another image between our look and the engine's act, an ID cannot:
 * so names are used only while there are several (the engine then refuses the ID without force), the last step
 * is by ID. "Several" is the engine's own rule: more than one tag, or digests of another repository than the tag's.
 */
function nextTarget(image: Image): RemovalTarget {
  const [firstTag, ...otherTags] = image.tags;
  const repositories = new Set(image.digests.map((digest) => digest.slice(0, digest.indexOf('@'))));
  if (otherTags.length > 0 && firstTag !== undefined) return { by: 'reference', reference: firstTag };
  if (firstTag !== undefined) repositories.add(firstTag.slice(0, firstTag.lastIndexOf(':')));
  // The tag first: removing a repository's digest can take its tags along, the other way round is what we want.
  const [name] = [...image.tags, ...image.digests];
  if (repositories.size > 1 && name !== undefined) return { by: 'reference', reference: name };
  return { by: 'id', id: image.id };
}

type Step = RemovalOutcome | { readonly outcome: 'untagged'; readonly names: readonly string[] };

async function removeOnce(
  engine: Engine,
  target: RemovalTarget,
  { id, keepParents }: Victim,
  options: RemovalOptions,
): Promise<Step> {
  try {
    const removal = await engine.removeImage(target, { keepParents }, options.abandon);
    if (removal.outcome === 'not-found')
      return target.by === 'id' ? { outcome: 'gone' } : { outcome: 'untagged', names: [] };
    if (removal.outcome === 'conflict')
      return { outcome: 'kept', reason: `the engine refused: ${removal.message}` };
    return removal.deleted.includes(id) || target.by === 'id'
      ? { outcome: 'deleted' }
      : { outcome: 'untagged', names: [...removal.untagged, target.reference] };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (error.code !== 'timeout' && error.code !== 'unreachable')
      return { outcome: 'failed', message: error.message };
    return await settle(engine, target, id, error, options);
  }
}

/** An unanswered deletion may still be going on. Waits and looks, until its end is known or the looks are used up. */
async function settle(
  engine: Engine,
  target: RemovalTarget,
  id: ImageId,
  cause: EngineError,
  options: RemovalOptions,
): Promise<Step> {
  options.onUnanswered(cause.message);
  let lastLook = cause.message;
  for (let look = 0; look < options.looks && !options.stop.aborted; look += 1) {
    await sleep(options.settleMs, options.stop);
    if (hasFired(options.stop)) break;
    try {
      const image = await engine.inspectImage(id, options.abandon);
      if (image === undefined) return { outcome: 'deleted' };
      if (target.by === 'reference' && !references(image).includes(target.reference))
        return { outcome: 'untagged', names: [target.reference] };
      // A lost connection ends a request that the engine had not begun; one it had begun is over after the wait,
      // because the engine drops an image's name first and answers no look while it is at the layers.
      if (cause.code === 'unreachable')
        return { outcome: 'failed', message: `${cause.message} The image is still there.` };
      lastLook = 'the image is still there';
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      lastLook = error.message;
    }
  }
  return {
    outcome: 'unresolved',
    message: `No answer to the deletion of ${shortId(id)}, and at the last look: ${lastLook}`,
  };
}

/**
 * Gives back the tags of an image that stays after all: it must not become nameless under whoever uses it now.
 * @throws EngineError naming the tags that are lost, when the engine stays away for as many tries as there are looks.
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
        if (attempt >= options.looks) {
          throw new EngineError(
            error.code,
            `${shortId(id)} stays but lost its name: give it back with "docker tag ${shortId(id)} ${tag}". ${error.message}`,
            { cause: error },
          );
        }
        await sleep(options.settleMs, options.abandon);
        options.abandon.throwIfAborted();
      }
    }
  }
}
