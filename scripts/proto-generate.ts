/** `npm run proto:generate`: makes the code for the Container Runtime Interface; installs protoc where it may. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { commandPath, ensureCommands } from '../harness/machine/packages.ts';
import { generate, generatedFile } from './proto/generated.ts';

await ensureCommands(['protoc']);
await mkdir(dirname(generatedFile), { recursive: true });
await writeFile(generatedFile, await generate(commandPath('protoc')));
