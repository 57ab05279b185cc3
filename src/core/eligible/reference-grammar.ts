/**
 * Whether a glob can match any image name at all, by the grammar of references (distribution/reference, `regexp.go`):
 *
 *     reference := [host[:port]/]component[/component …][:tag][@digest]
 *
 * Repositories are lower case, a component begins and ends with a letter or digit, a tag never begins with `.` or `-`, and a
 * digest is whole. Exact: the glob and the grammar are followed together, so nothing that could match is refused.
 */

/** Characters that represent all classes of the grammar. */
const alphabet = [...'agshAZ01256_.-/:@'];
const digestLengths: Readonly<Record<string, number>> = { 'sha256:': 64, 'sha512:': 128 };

/**
 * Where in a reference one is. Path components: `p` may begin, `P` in one, `p_`, `p__`, `p.`, `p-` after a separator.
 * Hosts: `h`, `H`, `h-`; port `n`, `N`; tag `t`, `T`; a digest's algorithm so far, or how many digits are missing.
 */
type Place = string;

const starts: readonly Place[] = ['p', 'h'];
const ends: ReadonlySet<Place> = new Set(['P', 'T', 'digits:0']);

function next(place: Place, character: string): readonly Place[] {
  const isLower = /[a-z0-9]/.test(character);
  const isAlphanumeric = /[a-zA-Z0-9]/.test(character);
  switch (place) {
    case 'p':
    case 'p.':
    case 'p__':
      return isLower ? ['P'] : [];
    case 'p_':
      return isLower ? ['P'] : character === '_' ? ['p__'] : [];
    case 'p-':
      return isLower ? ['P'] : character === '-' ? ['p-'] : [];
    case 'P':
      if ('_.-'.includes(character)) return [`p${character}`];
      return isLower ? ['P'] : afterName(character, ['p']);
    case 'h':
      return isAlphanumeric ? ['H'] : [];
    case 'h-':
      return isAlphanumeric ? ['H'] : character === '-' ? ['h-'] : [];
    case 'H':
      if (isAlphanumeric) return ['H'];
      return { '-': ['h-'], '.': ['h'], ':': ['n'], '/': ['p'] }[character] ?? [];
    case 'n':
      return /\d/.test(character) ? ['N'] : [];
    case 'N':
      return /\d/.test(character) ? ['N'] : character === '/' ? ['p'] : [];
    case 't':
      return /\w/.test(character) ? ['T'] : [];
    case 'T':
      return /[\w.-]/.test(character) ? ['T'] : character === '@' ? ['digest:'] : [];
    default:
      return inDigest(place, character);
  }
}

function afterName(character: string, slash: readonly Place[]): readonly Place[] {
  return { '/': slash, ':': ['t'], '@': ['digest:'] }[character] ?? [];
}

function inDigest(place: Place, character: string): readonly Place[] {
  if (place.startsWith('digits:')) {
    const left = Number(place.slice('digits:'.length));
    return left > 0 && /[0-9a-f]/.test(character) ? [`digits:${left - 1}`] : [];
  }
  const algorithm = place.slice('digest:'.length) + character;
  const whole = digestLengths[algorithm];
  if (whole !== undefined) return [`digits:${whole}`];
  return Object.keys(digestLengths).some((known) => known.startsWith(algorithm))
    ? [`digest:${algorithm}`]
    : [];
}

/** Whether some valid reference, or the repository of one, falls under the glob (`*` any text, `?` one character). */
export function canMatchReference(glob: string): boolean {
  const seen = new Set<string>();
  const pending: [at: number, place: Place][] = starts.map((place) => [0, place]);
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    const [at, place] = state;
    const key = `${at} ${place}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const wanted = glob[at];
    if (wanted === undefined) {
      if (ends.has(place)) return true;
      continue;
    }
    if (wanted === '*') pending.push([at + 1, place]);
    const follows = wanted === '*' ? at : at + 1;
    const characters = wanted === '*' || wanted === '?' ? alphabet : [wanted];
    for (const character of characters)
      for (const after of next(place, character)) pending.push([follows, after]);
  }
  return false;
}

/** A registry alone, which by the grammar would be a repository `localhost` with the tag `5000`. */
export function isRegistryAlone(glob: string): boolean {
  return /^(localhost:\d+|[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}:\d{3,5}|(\d+\.){3}\d+:\d+)$/i.test(glob);
}

/** What somebody may have meant by a glob that can match nothing; undefined where that is not to be guessed. */
export function meantBy(glob: string): string | undefined {
  if (isRegistryAlone(glob)) return `${glob}/*`;
  let text = glob;
  const repairs: readonly ((text: string) => string)[] = [
    (from) => from.replace(/^[a-z]+:\/\//i, ''),
    (from) => from.replace(/^\/+/, '').replace(/[/:@]+$/, ''),
    (from) => from.replaceAll('.*', '*').replaceAll('**', '*'),
    (from) => from.replace(/(@sha(256|512):[0-9a-f]*)$/, '$1*'),
    (from) => from.replaceAll(/\/{2,}/g, '/').replaceAll(/:[.-]+/g, ':'),
    lowerCased,
  ];
  for (const repair of repairs) {
    text = repair(text);
    if (text !== '' && canMatchReference(text)) return isRegistryAlone(text) ? `${text}/*` : text;
  }
  return undefined;
}

/** In lower case but for the tag. */
function lowerCased(text: string): string {
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  return colon < 0 ? text.toLowerCase() : text.slice(0, colon).toLowerCase() + text.slice(colon);
}
