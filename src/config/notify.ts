/** The address that notices are sent to: a secret, of which no message shows more than where it leads. */
import { accepted, refused, type ValueKind } from './values/values.ts';

export interface WebhookAddress {
  /** With its secrets. */
  readonly url: URL;
  /** What may be shown of it: `https://hooks.example`. */
  readonly shown: string;
}

export function webhookAddress(): ValueKind<WebhookAddress> {
  const allowed = 'an address that begins with https:// or http://';
  return {
    placeholder: 'url',
    allowed,
    isSecret: true,
    parse: (text) => {
      const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
      if (url === undefined || !['https:', 'http:'].includes(url.protocol))
        return refused(`expected ${allowed}`);
      try {
        decodeURIComponent(url.username + url.password);
      } catch {
        return refused(`expected ${allowed}; a % in its user name or password is written %25`);
      }
      return accepted({ url, shown: url.origin });
    },
  };
}
