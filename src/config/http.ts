/** What the settings of the HTTP server mean together. Pure. */
import { addressText } from './values/http-address.ts';
import type { SettingValues } from './settings.ts';

type HttpSettings = Pick<SettingValues, 'httpAddress' | 'httpTokenFile' | 'probeAddress'>;

/** @param nameOf how the user wrote a setting, a variable or a flag. */
export function judgeHttp(
  { httpAddress, httpTokenFile, probeAddress }: Partial<HttpSettings>,
  nameOf: (key: keyof HttpSettings) => string,
): { readonly problems: readonly string[]; readonly warnings: readonly string[] } {
  const isSame =
    httpAddress !== undefined &&
    probeAddress !== undefined &&
    httpAddress.port === probeAddress.port &&
    httpAddress.port !== 0 &&
    (httpAddress.host === undefined ||
      probeAddress.host === undefined ||
      httpAddress.host === probeAddress.host);
  return {
    problems: isSame
      ? [
          `${nameOf('probeAddress')}=${addressText(probeAddress)}: the page is served on this port (${nameOf('httpAddress')}); choose another one, or leave it out to have the health checks beside the page`,
        ]
      : [],
    warnings:
      httpTokenFile !== undefined && httpAddress === undefined
        ? [`${nameOf('httpTokenFile')} protects nothing, because ${nameOf('httpAddress')} is not set`]
        : [],
  };
}
