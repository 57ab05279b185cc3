/**
 * The licences of the libraries that are in the bundle, as they require in every copy: of what the bundler really
 * took, not of all that is installed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As package.json has it, an SPDX expression. */
  readonly licence: string;
  /** The whole text of its licence files. */
  readonly text: string;
}

const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
/** Files below node_modules belong to the last package on their path. */
const packageFolder = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//;

/**
 * @param inputs the bundler's inputs, seen from `root` or absolute
 * @throws Error naming a package whose licence is unknown: it must not be shipped
 */
export function bundledPackages(root: string, inputs: readonly string[]): readonly BundledPackage[] {
  const folders = new Set(
    inputs.flatMap((input) => packageFolder.exec(resolve(root, input.replace(/^[^/:]+:/, '')))?.[1] ?? []),
  );
  return [...folders]
    .map(readPackage)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}

function readPackage(folder: string): BundledPackage {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const texts = readdirSync(folder)
    .filter((file) => licenceFile.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  const text = texts.join('\n\n') || textOfRepository(manifest.name);
  if (manifest.license === undefined || text === undefined)
    throw new Error(`${manifest.name} ${manifest.version} is bundled but has no licence text in ${folder}`);
  return { name: manifest.name, version: manifest.version, licence: manifest.license, text };
}

/** What a package leaves to its repository lies beside this script. */
function textOfRepository(name: string): string | undefined {
  const file = new URL(`../licences/${name.replace('/', '+')}.txt`, import.meta.url);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** One text for all; what several packages have word for word is said once. */
export function noticesText(packages: readonly BundledPackage[]): string {
  const byText = new Map<string, BundledPackage[]>();
  for (const each of packages) byText.set(each.text, [...(byText.get(each.text) ?? []), each]);
  const sections = [...byText].map(([text, those]) => {
    const names = those.map(({ name, version, licence }) => `${name} ${version} (${licence})`);
    return `${names.join('\n')}\n\n${text}\n`;
  });
  const line = '-'.repeat(78);
  return `docker-image-cleaner contains the following libraries, under their own licences.\n\n${line}\n${sections.join(`\n${line}\n`)}`;
}
