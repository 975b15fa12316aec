import { join } from 'node:path';
import { environment } from '@clientela/runtime';
import { DemoError } from '../demo/client.ts';
import { type Filled, fill } from '../demo/fill.ts';
import { repoRoot } from '../launcher/services.ts';

const began = performance.now();
const say = (line: string) => process.stdout.write(`${line}\n`);
const step = (line: string) => say(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);

try {
  const url = urlGiven(process.argv[2]);
  await findGateway(url);
  say(whatToLookAt(url, await fill(url, step)));
} catch (error) {
  process.stderr.write(`\n${sentence(error)}\n`);
  process.exitCode = 1;
}

/** @param given the first argument; without one the gateway is where the settings put it */
function urlGiven(given: string | undefined): string {
  if (given === undefined) return `http://127.0.0.1:${environment(join(repoRoot, '.env'))['PORT'] || '8080'}`;
  const url = URL.parse(given);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new DemoError(`${given} is no address: give one like http://127.0.0.1:8080.`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Nothing is written before it is known that this is a street. */
async function findGateway(url: string): Promise<void> {
  const found = await fetch(`${url}/`, { signal: AbortSignal.timeout(5000) }).catch(() => {
    throw new DemoError(
      `Nothing answers at ${url}: start the street with "npm start", or give its address: npm run demo -- http://host:port`,
    );
  });
  const body = (await found.json().catch(() => undefined)) as { service?: unknown } | undefined;
  if (body?.service !== 'gateway')
    throw new DemoError(
      `What answers at ${url} is not Clientela: give the gateway's address: npm run demo -- http://host:port`,
    );
}

function sentence(error: unknown): string {
  if (error instanceof DemoError) return error.message;
  // fetch hides what happened to a connection in the cause
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  return `The demo stopped half-way: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}. Run it again: it begins with a new company.`;
}

function whatToLookAt(url: string, { email, password, company, shown }: Filled): string {
  const bearer = '-H "authorization: Bearer $TOKEN"';
  return `
${company} is there. Sign in with
  e-mail:   ${email}
  password: ${password}

Look at it, line by line in one shell (the token is good for some minutes, the first line makes another):
  TOKEN=$(curl -s ${url}/auth/login -H 'content-type: application/json' -d '{"email":"${email}","password":"${password}"}' | sed 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/')
  curl -s '${url}/api/customers?search=jurgen' ${bearer}
  curl -s ${url}/api/customers/${shown.id} ${bearer}
  curl -s ${url}/api/customers/${shown.id}/notes ${bearer}
  curl -s ${url}/api/customers/${shown.id}/interactions ${bearer}
  curl -s '${url}/api/favorites?user_id=${shown.number}' ${bearer}
`;
}
