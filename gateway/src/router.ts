import { malformed } from '@clientela/errors';

type Node<T> = { literals: Map<string, Node<T>>; parameter?: Node<T>; template?: string; methods: Map<string, T> };

export type Match<T> = { template: string; methods: ReadonlyMap<string, T> };

const createNode = <T>(): Node<T> => ({ literals: new Map(), methods: new Map() });

/**
 * Matches paths by segments: case-sensitive, a literal before a parameter, the leftmost difference decides.
 * Finds the template before it looks at methods, so that a known path with a wrong method is a 405.
 */
export function createRouter<T>(): {
  add: (method: string, template: string, route: T) => void;
  match: (segments: readonly string[]) => Match<T> | undefined;
} {
  const root = createNode<T>();

  const add = (method: string, template: string, route: T) => {
    let node = root;
    for (const segment of template.split('/').filter((part) => part !== '')) {
      const isParameter = segment.startsWith('{') && segment.endsWith('}');
      if (!isParameter && /[{}]/.test(segment)) throw new Error(`${template}: a parameter must be a whole segment`);
      const next: Node<T> = (isParameter ? node.parameter : node.literals.get(segment)) ?? createNode();
      if (isParameter) node.parameter = next;
      else node.literals.set(segment, next);
      node = next;
    }
    if (node.methods.has(method))
      throw new Error(`${method} ${template} is declared twice (first as ${node.template})`);
    node.template ??= template;
    node.methods.set(method, route);
  };

  const find = (node: Node<T>, segments: readonly string[], depth: number): Match<T> | undefined => {
    const segment = segments[depth];
    if (segment === undefined)
      return node.template === undefined ? undefined : { template: node.template, methods: node.methods };
    const literal = node.literals.get(segment);
    return (
      (literal && find(literal, segments, depth + 1)) ?? (node.parameter && find(node.parameter, segments, depth + 1))
    );
  };

  return { add, match: (segments) => find(root, segments, 0) };
}

export type Path = {
  segments: readonly string[];
  /** The path to forward: exactly what was matched, percent-encoded once. */ canonical: string;
};

/**
 * Splits a path into segments and decodes each once. Ignores a trailing slash.
 * @returns undefined for a path that two servers could read differently: a segment that decodes to `.`, `..` or nothing,
 *   or contains `/`, `\` or NUL
 * @throws AppError 400 for a malformed percent sequence, or one that is not UTF-8
 */
export function readPath(path: string): Path | undefined {
  if (path === '/') return { segments: [], canonical: '/' };
  const trimmed = path.endsWith('/') ? path.slice(1, -1) : path.slice(1);
  const segments = trimmed.split('/');
  const isEncoded = trimmed.includes('%');
  if (isEncoded) assertDecodable(trimmed);
  for (let index = 0; index < segments.length; index += 1) {
    const segment = segments[index] as string;
    const decoded = isEncoded ? decodeURIComponent(segment) : segment;
    if (decoded === '' || decoded === '.' || decoded === '..') return undefined;
    if (decoded.includes('\\') || (isEncoded && (decoded.includes('/') || decoded.includes('\0')))) return undefined;
    segments[index] = decoded;
  }
  return { segments, canonical: `/${isEncoded ? segments.map(encodeURIComponent).join('/') : trimmed}` };
}

function assertDecodable(path: string): void {
  try {
    decodeURIComponent(path);
  } catch {
    throw malformed('The path is not correctly percent-encoded');
  }
}

/** Whether a path is internal. Such paths do not exist at the gateway, even when a template's parameter would match them. */
export const isInternal = (segments: readonly string[]): boolean =>
  segments[0]?.toLowerCase() === 'internal' ||
  (segments[0] === 'api' && segments[1] === 'customers' && segments[2]?.toLowerCase() === 'internal');
