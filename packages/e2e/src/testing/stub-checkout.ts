import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { services } from '@clientela/fleet';

/** A service that listens and says what it was given, for tests of what runs it. */
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
  const up = await Promise.all(urls.map((url) => fetch(url + '/ready').then((answer) => answer.ok, () => false)));
  response.statusCode = up.every(Boolean) ? 200 : 503;
  response.end(JSON.stringify(request.url === '/environment' ? process.env : up));
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
`;

const superuser = `
const made = process.env.ADMIN_EMAIL !== 'known@example.com';
console.log(JSON.stringify({ made, email: process.env.ADMIN_EMAIL ?? 'admin@clientela.local', ...(made && { password: 'generated-now' }) }));
`;

/** A checkout with the same places as the real one and programs of a few lines. */
export function stubCheckout(): string {
  const street = mkdtempSync(join(tmpdir(), 'street-'));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(street, path)), { recursive: true });
    writeFileSync(join(street, path), text);
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
  put('services/auth/src/superuser.ts', superuser);
  return street;
}
