/**
 * The typed code for the part of the Container Runtime Interface that is used, made from src/engine/cri/api.proto by
 * `protoc` (Debian package protobuf-compiler) and its plug-in ts-proto.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = `${root}src/engine/cri`;
export const protoFile = `${folder}/api.proto`;
export const generatedFile = `${folder}/generated/api.ts`;

const options = [
  // Names and types of the calls; how they are made is src/engine/cri/grpc-client.ts.
  'outputServices=generic-definitions',
  // 64-bit times in nanoseconds do not fit into a number.
  'forceLong=bigint',
  // Node runs the sources with their types taken off, which cannot be done with TypeScript's enums.
  'enumsAsLiterals=true',
  // Requests are written and answers read, not the other way round.
  'outputEncodeIncludeTypes=(Request|ImageSpec|Entry)$',
  'outputDecodeIncludeTypes=^(?!.*Request$)',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
  'esModuleInterop=true',
  'env=node',
];

/** What the generated file has to begin with: it names what it was made from. */
export async function generatedHead(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(protoFile))
    .update(options.join(','))
    .digest('hex');
  return `// Made by \`npm run proto:generate\` from src/engine/cri/api.proto (digest ${digest}). Do not edit.\n`;
}

/** Makes the file's text. @param protoc the command's path. @throws Error with what it said when it fails. */
export async function generate(protoc: string): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), 'cri-proto-'));
  try {
    await promisify(execFile)(
      protoc,
      [
        `--plugin=protoc-gen-ts_proto=${root}node_modules/.bin/protoc-gen-ts_proto`,
        `--ts_proto_out=${out}`,
        `--ts_proto_opt=${options.join(',')}`,
        `--proto_path=${folder}`,
        protoFile,
      ],
      // The plug-in is a script for Node: for the one that runs us.
      { env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env['PATH'] ?? ''}` } },
    );
    const made = await readFile(join(out, 'api.ts'), 'utf8');
    // Without the generator's own head: it names the version of protoc, which makes no difference.
    const body = made.slice(made.indexOf('import '));
    // Parameters that a message without fields does not need are no error there.
    const text = `${await generatedHead()}// @ts-nocheck\n\n${body}`;
    return await format(text, { ...(await resolveConfig(generatedFile)), filepath: generatedFile });
  } finally {
    await rm(out, { recursive: true });
  }
}
