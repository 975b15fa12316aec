import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { environment, EnvironmentError } from '@clientela/runtime';
import { type Fleet, startFleet } from './fleet.ts';
import { AlreadyRunning } from './installation-lock.ts';
import { repoRoot } from './services.ts';
import type { Superuser } from './superuser.ts';

const folder = join(repoRoot, '.data');
const say = (line: string) => process.stdout.write(`${line}\n`);
/** With the time since this process began. */
const step = (line: string) => say(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${line}`);

let fleet: Fleet | undefined;
let made: Superuser | undefined; // with its password, until that was shown
const stopping = new AbortController();

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return; // Ctrl-C comes twice: from the terminal and from npm
  step('stopping');
  stopping.abort();
  if (!fleet) return; // the start gives up, see below
  await fleet.stop();
  step('stopped');
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
process.stdout.on('error', () => {}); // a terminal that was closed is no reason to end everything unordered

try {
  fleet = await startFleet({
    folder,
    env: environment(join(repoRoot, '.env')),
    progress: step,
    signal: stopping.signal,
    on_superuser,
  });
  say(welcome(fleet));
  showSuperuser();
} catch (error) {
  showSuperuser();
  if (stopping.signal.aborted) {
    step('stopped');
    process.exit(0);
  }
  process.stderr.write(`\n${sentence(error)}\n`);
  process.exit(1);
}

/** What is expected to go wrong is an Error with a sentence for people; anything else is a mistake of ours, shown in full. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return 'The start failed.';
  const expected = error.name === 'Error' || error instanceof EnvironmentError || error instanceof AlreadyRunning;
  return expected ? error.message : (error.stack ?? error.message);
}

/** The address, and three lines to paste. */
function welcome({ url }: Fleet): string {
  // New ones with every start, so that the lines work each time and nobody's account has a password that everybody knows.
  const email = `ana-${randomBytes(3).toString('hex')}@example.com`;
  const password = `try-${randomBytes(6).toString('hex')}`;
  const json = `-H 'content-type: application/json'`;
  return `
Clientela runs at ${url}    (Ctrl-C stops it, "npm run logs" follows its logs)

Try it, line by line in one shell:
  curl -s ${url}/auth/register ${json} -d '{"email":"${email}","password":"${password}","name":"Ana","company_name":"Ana Ltd"}'
  TOKEN=$(curl -s ${url}/auth/login ${json} -d '{"email":"${email}","password":"${password}"}' | sed 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/')
  curl -s ${url}/api/customers -H "authorization: Bearer $TOKEN"
`;
}

function on_superuser(superuser: Superuser): void {
  if (superuser.made) made = superuser;
}

/** A new superuser's sign-in: the only time that a generated password is seen, also when the start failed later. */
function showSuperuser(): void {
  if (!made) return;
  say(
    made.password
      ? `Superuser: ${made.email}   password: ${made.password}\nIt is shown this once and kept nowhere; "npm run reset-superuser" makes a new one.\n`
      : `Superuser: ${made.email}, with the password of ADMIN_PASSWORD\n`,
  );
  made = undefined;
}
