/** The routes of the status page: four files, complete in themselves. */
import { createHash } from 'node:crypto';
import type { Answer, Route } from '../http/server/routes.ts';
import { pageFiles } from './assets.ts';

/** The page may load its own script, style and icon and ask its own server; nothing else, and it may not be framed. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Made when the page is first asked for. */
export function pageRoutes(): readonly (readonly [string, Route])[] {
  let files: Promise<ReadonlyMap<string, Answer>> | undefined;
  const route = (path: string): readonly [string, Route] => [
    path,
    {
      answer: async () => {
        const answer = (await (files ??= load())).get(path);
        if (answer === undefined) throw new RangeError(`the page has no file for ${path}`);
        return answer;
      },
    },
  ];
  return ['/', '/page.js', '/page.css', '/icon.svg'].map(route);
}

async function load(): Promise<ReadonlyMap<string, Answer>> {
  const { html, script, style, icon } = await pageFiles();
  return new Map([
    ['/', fileAnswer('text/html; charset=utf-8', html)],
    ['/page.js', fileAnswer('text/javascript; charset=utf-8', script)],
    ['/page.css', fileAnswer('text/css; charset=utf-8', style)],
    ['/icon.svg', fileAnswer('image/svg+xml', icon)],
  ]);
}

function fileAnswer(type: string, text: string): Answer {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { status: 200, type, body, etag, headers: { 'Content-Security-Policy': policy } };
}
