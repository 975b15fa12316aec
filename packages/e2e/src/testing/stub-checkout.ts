import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { folderOf, peers, services } from '@clientela/fleet';

/** A service that listens and returns its environment, for tests of the launcher. */
const service = (name: string) => `
import { createServer } from 'node:http';
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(request.url === '/environment' ? process.env : { pid: process.pid }));
});
server.listen(Number(process.env.${name === 'gateway' ? 'PORT' : `${name.toUpperCase()}_PORT`}), '127.0.0.1', () => console.log('${name} listens'));
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
`;

const gateway = `
import { createServer } from 'node:http';
const urls = Object.entries(process.env).filter(([name]) => name.endsWith('_SERVICE_URL')).map(([, url]) => url);
const server = createServer(async (request, response) => {
  const up = await Promise.all(urls.map((url) => fetch(url + '/ready').then((response) => response.ok, () => false)));
  response.statusCode = up.every(Boolean) ? 200 : 503;
  response.end(JSON.stringify(request.url === '/environment' ? process.env : up));
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
`;

const superuser = `
const created = process.env.ADMIN_EMAIL !== 'known@example.com';
console.log(JSON.stringify({ created, email: process.env.ADMIN_EMAIL ?? 'admin@clientela.local', ...(created && { password: 'generated-now' }) }));
`;

/**
 * Creates a checkout with the folders of the real one, processes of a few lines, and the real config schemas.
 * @returns its root
 */
export function stubCheckout(): string {
  const root = mkdtempSync(join(tmpdir(), 'checkout-'));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('package.json', '{ "type": "module" }');
  put('gateway/src/main.ts', gateway);
  for (const name of services) {
    put(`services/${name}/src/main.ts`, service(name));
    put(
      `services/${name}/migrations/0001_things.sql`,
      `create table things (id int primary key);\ncomment on column things.id is 'technical';\n`,
    );
  }
  for (const peer of peers) {
    const config = JSON.stringify(join(folderOf(peer), 'src/config.ts'));
    put(`${peer === 'gateway' ? 'gateway' : `services/${peer}`}/src/config.ts`, `export { Config } from ${config};\n`);
  }
  put('services/auth/src/superuser.ts', superuser);
  return root;
}
