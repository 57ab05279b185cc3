/** How a notice is written for whom: what ntfy, Slack and its like, and programs take. Pure. */
import type { Notice } from './notices.ts';

/** As NOTIFY_FORMAT has it. */
export type NotifyFormat = 'json' | 'text' | 'slack';

export interface Sender {
  /** The node, or the host. */
  readonly host: string;
  readonly version: string;
}

export interface Letter {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Longer ones are cut by ntfy (4096 bytes) and pushed aside by chats. */
const LONGEST_TEXT = 3000;

export function letterOf(notice: Notice, { host, version }: Sender, format: NotifyFormat): Letter {
  const { problem, state, title, atMs } = notice;
  const message = cut(notice.message);
  const userAgent = { 'user-agent': `docker-image-cleaner/${version}` };
  const heading = `${host}: ${title}`;
  switch (format) {
    case 'json':
      return {
        headers: { ...userAgent, 'content-type': 'application/json' },
        body: JSON.stringify({
          source: 'docker-image-cleaner',
          ...{ version, host, problem, state, title, message },
          time: new Date(atMs).toISOString(),
        }),
      };
    case 'slack':
      return {
        headers: { ...userAgent, 'content-type': 'application/json' },
        body: JSON.stringify({ text: forSlack(`${heading}\n${message}`) }),
      };
    case 'text':
      return {
        headers: {
          ...userAgent,
          'content-type': 'text/plain; charset=utf-8',
          // For ntfy; others do not mind. A host's name is ASCII, and so are the titles.
          title: heading.replace(/[^ -~]/g, '?'),
          priority: state === 'begins' ? '4' : '3',
          tags: state === 'begins' ? 'warning' : 'white_check_mark',
        },
        body: `${heading}\n${message}`,
      };
  }
}

/** The three characters that mean something there: a name must not become a link or a call to everybody. */
function forSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
