import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot, services } from '@clientela/fleet';

type Operation = { method: string; path: string; pattern: RegExp; codes: ReadonlySet<string> };
type Document = { paths: Record<string, Record<string, { 'x-error-codes': string[] }>> };

/** Codes of requests that reach no operation. */
const everywhere = new Set(['HTTP_VERSION_NOT_SUPPORTED', 'METHOD_NOT_ALLOWED', 'NOT_FOUND']);

let operations: Operation[] | undefined;

/** Reads the operations of all services, most specific first. */
function readOperations(): Operation[] {
  const rank = (path: string) => path.replaceAll('{', '~'); // after every literal segment
  return services
    .flatMap((service) => {
      const { paths } = JSON.parse(
        readFileSync(join(repoRoot, 'services', service, 'openapi.json'), 'utf8'),
      ) as Document;
      return Object.entries(paths).flatMap(([path, byMethod]) =>
        Object.entries(byMethod).map(([method, operation]) => ({
          method: method.toUpperCase(),
          path,
          pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
          codes: new Set(operation['x-error-codes']),
        })),
      );
    })
    .toSorted((a, b) => (rank(a.path) < rank(b.path) ? -1 : 1));
}

/** @throws Error for an error code that the operation's document does not name */
export function assertDeclaredError(method: string, path: string, body: unknown): void {
  const code = (body as { error_code?: string } | null | undefined)?.error_code;
  if (code === undefined || everywhere.has(code)) return;
  const [pathname = ''] = path.split('?');
  operations ??= readOperations();
  const operation = operations.find((candidate) => candidate.method === method && candidate.pattern.test(pathname));
  if (operation && !operation.codes.has(code))
    throw new Error(`${method} ${operation.path} responds with ${code}, which its openapi.json does not declare`);
}
