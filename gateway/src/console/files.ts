import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

/** A file of the built console, with the compressed forms that the build wrote beside it. */
export type ConsoleFile = { type: string; tag: string; body: Buffer; br?: Buffer; gzip?: Buffer };

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/**
 * Reads a folder of the built console into memory: a few megabytes, so that a request needs no file, and no path can leave the folder.
 * Files of other types are left out.
 * @returns by path below /console, such as `/assets/index-x.js`
 */
export function readConsoleFiles(folder: string): ReadonlyMap<string, ConsoleFile> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const known = new Set(names);
  const read = (name: string) => (known.has(name) ? readFileSync(join(folder, name)) : undefined);
  return new Map(
    names.flatMap((name): [string, ConsoleFile][] => {
      const type = types[extname(name)];
      const body = type === undefined ? undefined : read(name);
      if (type === undefined || !body) return [];
      const [br, gzip] = [read(`${name}.br`), read(`${name}.gz`)];
      const tag = createHash('sha256').update(body).digest('base64url').slice(0, 20);
      return [[`/${name.split(sep).join('/')}`, { type, tag, body, ...(br && { br }), ...(gzip && { gzip }) }]];
    }),
  );
}
