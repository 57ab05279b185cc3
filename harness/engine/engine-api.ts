/** What tests do to an engine by its raw API, each in one call. Not the project's own client: that one is under test. */
import { Readable } from 'node:stream';
import type { ApiEngine } from './api-engine.ts';
import { file, tar } from '../machine/tar.ts';

/** As `GET /images/json` answers. */
export interface ImageSummary {
  readonly Id: string;
  readonly ParentId: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Size: number;
  readonly Created: number;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** As `GET /containers/json` answers. */
export interface ContainerSummary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly State: string;
}

/** @param options.all intermediate images of the classic builder too. */
export async function listImages(
  engine: ApiEngine,
  options: { readonly all?: boolean } = {},
): Promise<readonly ImageSummary[]> {
  return (await engine.expect('GET', `/images/json?all=${options.all ?? false}`)).json();
}

/** Every tag of every image, sorted, without the engine's `<none>:<none>`. */
export async function listTags(engine: ApiEngine): Promise<readonly string[]> {
  const images = await listImages(engine);
  return images
    .flatMap((image) => image.RepoTags ?? [])
    .filter((tag) => tag !== '<none>:<none>')
    .sort();
}

/** True when the engine knows the image, by ID or name. */
export async function hasImage(engine: ApiEngine, image: string): Promise<boolean> {
  return (await engine.request('GET', `/images/${image}/json`)).status === 200;
}

/** The parent that the engine knows of (made by commit or the classic builder), or ''. */
export async function parentOf(engine: ApiEngine, image: string): Promise<string> {
  return (await engine.expect('GET', `/images/${image}/json`)).json<{ Parent: string }>().Parent;
}

export async function tagImage(engine: ApiEngine, image: string, reference: string): Promise<void> {
  const colon = reference.lastIndexOf(':');
  const [repository, tag] = [reference.slice(0, colon), reference.slice(colon + 1)];
  await engine.expect('POST', `/images/${image}/tag?repo=${encodeURIComponent(repository)}&tag=${tag}`);
}

export async function removeImage(
  engine: ApiEngine,
  image: string,
  options: { readonly force?: boolean; readonly noprune?: boolean } = {},
): Promise<void> {
  await engine.expect(
    'DELETE',
    `/images/${image}?force=${options.force ?? false}&noprune=${options.noprune ?? false}`,
  );
}

export interface ContainerOptions {
  readonly name?: string;
  /** Default: the image's own, which sleeps. */
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: readonly string[];
  /** `source:target[:ro]` */
  readonly binds?: readonly string[];
  readonly readOnly?: boolean;
  /** `uid[:gid]` */
  readonly user?: string;
}

/** Creates a container without network; returns its ID. */
export async function createContainer(
  engine: ApiEngine,
  image: string,
  options: ContainerOptions = {},
): Promise<string> {
  const name = options.name === undefined ? '' : `?name=${options.name}`;
  const answer = await engine.expect('POST', `/containers/create${name}`, {
    body: {
      Image: image,
      ...(options.command && { Cmd: options.command }),
      ...(options.user !== undefined && { User: options.user }),
      Env: options.env ?? [],
      Labels: options.labels ?? {},
      // A sleeping process number 1 does not hear SIGTERM; do not wait ten seconds for it.
      StopTimeout: 1,
      HostConfig: {
        NetworkMode: 'none',
        Binds: options.binds ?? [],
        ReadonlyRootfs: options.readOnly ?? false,
      },
    },
  });
  return answer.json<{ Id: string }>().Id;
}

export async function startContainer(engine: ApiEngine, container: string): Promise<void> {
  await engine.expect('POST', `/containers/${container}/start`);
}

/** Creates and starts a container; returns its ID. */
export async function runContainer(
  engine: ApiEngine,
  image: string,
  options?: ContainerOptions,
): Promise<string> {
  const id = await createContainer(engine, image, options);
  await startContainer(engine, id);
  return id;
}

/** Waits until the container ends; returns its exit status. */
export async function waitForContainer(engine: ApiEngine, container: string): Promise<number> {
  const answer = await engine.expect('POST', `/containers/${container}/wait`);
  return answer.json<{ StatusCode: number }>().StatusCode;
}

/** What the container wrote, both streams. */
export async function containerLogs(engine: ApiEngine, container: string): Promise<string> {
  const answer = await engine.expect('GET', `/containers/${container}/logs?stdout=1&stderr=1`);
  // Each piece is preceded by its stream (one byte), three zeros and its length (four bytes): take those out.
  return answer.text.replace(/[\x01\x02]\0{3}[^]{4}/g, '');
}

/** Stops a container (one second of grace); it remains, exited. */
export async function stopContainer(engine: ApiEngine, container: string): Promise<void> {
  await engine.expect('POST', `/containers/${container}/stop?t=1`);
}

export async function removeContainer(engine: ApiEngine, container: string): Promise<void> {
  await engine.expect('DELETE', `/containers/${container}?force=true&v=true`);
}

export async function listContainers(engine: ApiEngine): Promise<readonly ContainerSummary[]> {
  return (await engine.expect('GET', '/containers/json?all=true')).json();
}

/** Writes a file into a container, running or not. */
export async function putFile(
  engine: ApiEngine,
  container: string,
  path: string,
  content: Buffer | string,
): Promise<void> {
  const body = Readable.from(tar([file(path.replace(/^\//, ''), content)]), { objectMode: false });
  await engine.expect('PUT', `/containers/${container}/archive?path=/`, {
    body,
    headers: { 'Content-Type': 'application/x-tar' },
  });
}

export interface ChildOptions {
  /** `repository:tag`; without it the child is untagged. */
  readonly tag?: string;
  /** Content of the layer the child adds; default 1000 bytes. Unique per call. */
  readonly bytes?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Makes an image based on another, with that as its parent, as the classic builder does (container, change, commit);
 * returns its ID.
 */
export async function commitChild(
  engine: ApiEngine,
  parent: string,
  options: ChildOptions = {},
): Promise<string> {
  const container = await createContainer(engine, parent, { labels: options.labels ?? {} });
  const content = Buffer.alloc(options.bytes ?? 1000, 'x');
  content.write(container);
  await putFile(engine, container, `child-${container.slice(0, 12)}`, content);
  const colon = options.tag?.lastIndexOf(':') ?? -1;
  const name =
    options.tag === undefined
      ? ''
      : `&repo=${encodeURIComponent(options.tag.slice(0, colon))}&tag=${options.tag.slice(colon + 1)}`;
  const answer = await engine.expect('POST', `/commit?container=${container}${name}`, { body: {} });
  await removeContainer(engine, container);
  return answer.json<{ Id: string }>().Id;
}
