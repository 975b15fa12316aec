type Node<T> = { literals: Map<string, Node<T>>; parameter?: Node<T>; template?: string; methods: Map<string, T> };

export type Match<T> = { template: string; methods: ReadonlyMap<string, T> };

const node = <T>(): Node<T> => ({ literals: new Map(), methods: new Map() });

/**
 * Finds routes by the segments of a path: case-sensitive, a literal beats a parameter, the first difference from the left
 * decides. What a template stands for is found before its methods are looked at, so a known path with a wrong method is a 405.
 */
export function createRouter<T>(): {
  add: (method: string, template: string, route: T) => void;
  match: (segments: readonly string[]) => Match<T> | undefined;
} {
  const root = node<T>();

  const add = (method: string, template: string, route: T) => {
    let at = root;
    for (const segment of template.split('/').filter((part) => part !== '')) {
      const parameter = segment.startsWith('{') && segment.endsWith('}');
      if (!parameter && /[{}]/.test(segment)) throw new Error(`${template}: a parameter must be a whole segment`);
      const next: Node<T> = (parameter ? at.parameter : at.literals.get(segment)) ?? node();
      if (parameter) at.parameter = next;
      else at.literals.set(segment, next);
      at = next;
    }
    if (at.methods.has(method)) throw new Error(`${method} ${template} is declared twice (before as ${at.template})`);
    at.template ??= template;
    at.methods.set(method, route);
  };

  const find = (at: Node<T>, segments: readonly string[], depth: number): Match<T> | undefined => {
    const segment = segments[depth];
    if (segment === undefined)
      return at.template === undefined ? undefined : { template: at.template, methods: at.methods };
    const literal = at.literals.get(segment);
    return (literal && find(literal, segments, depth + 1)) ?? (at.parameter && find(at.parameter, segments, depth + 1));
  };

  return { add, match: (segments) => find(root, segments, 0) };
}

export type Path = {
  segments: readonly string[];
  /** What is forwarded: exactly what was matched, encoded once. */ canonical: string;
};

/**
 * A path as segments, decoded once. A trailing slash never matters.
 * @returns undefined for a path that one program could read otherwise than another: a segment that decodes to `.`, `..` or
 *   nothing, holds `/`, `\` or NUL, or is not valid percent-encoding
 */
export function readPath(path: string): Path | undefined {
  if (path === '/') return { segments: [], canonical: '/' };
  const trimmed = path.endsWith('/') ? path.slice(1, -1) : path.slice(1);
  const segments = trimmed.split('/');
  const encoded = trimmed.includes('%');
  for (const [at, segment] of segments.entries()) {
    const decoded = encoded ? decode(segment) : segment;
    if (decoded === undefined || decoded === '' || decoded === '.' || decoded === '..') return undefined;
    if (decoded.includes('\\') || (encoded && (decoded.includes('/') || decoded.includes('\0')))) return undefined;
    segments[at] = decoded;
  }
  return { segments, canonical: `/${encoded ? segments.map(encodeURIComponent).join('/') : trimmed}` };
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Paths between services, which do not exist at the gateway, whatever a template's parameter could be made to match. */
export const isInternal = (segments: readonly string[]): boolean =>
  segments[0]?.toLowerCase() === 'internal' ||
  (segments[0] === 'api' && segments[1] === 'customers' && segments[2]?.toLowerCase() === 'internal');
