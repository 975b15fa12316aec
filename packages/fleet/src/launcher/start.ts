import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { mailsFolder, watchMails } from '../mails/mailbox.ts';
import { banner } from './banner.ts';
import type { Fleet } from './fleet.ts';
import type { Superuser } from './superuser.ts';

// `npm start`. The compile cache is on before anything else is loaded, which speeds up every start but the first.
const repoRoot = resolve(import.meta.dirname, '../../../..');
const folder = join(repoRoot, '.data');
enableCompileCache(join(folder, 'compile-cache'));
const [
  { environment, EnvironmentError, readCommandLine },
  { startFleet },
  { AlreadyRunningError },
  { ServerVersionError },
] = await Promise.all([
  import('@clientela/runtime'),
  import('./fleet.ts'),
  import('./installation-lock.ts'),
  import('@clientela/db'),
]);

readCommandLine(`Usage: npm start
Runs all services on this machine until Ctrl-C. Settings come from the environment or from .env.`);

const writeLine = (line: string) => process.stdout.write(`${line}\n`);
/** Prints a line with the seconds since this process started. */
const printStep = (line: string) => writeLine(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${line}`);

let fleet: Fleet | undefined;
let newSuperuser: Superuser | undefined; // until its password was printed
const stopping = new AbortController();

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return; // Ctrl-C arrives twice: from the terminal and from npm
  printStep('stopping');
  stopping.abort();
  if (!fleet) return; // the start fails with the signal, see below
  await fleet.stop();
  printStep('stopped');
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
process.stdout.on('error', () => {}); // a closed terminal must not end the process before the fleet is stopped

try {
  fleet = await startFleet({
    folder,
    env: environment(join(repoRoot, '.env')),
    gatewayFirst: true,
    console: true,
    onProgress: printStep,
    signal: stopping.signal,
    onSuperuser: (superuser) => {
      if (superuser.created) newSuperuser = superuser;
    },
  });
  writeLine(banner(fleet.url, fleet.hasConsole));
  // The link is a secret of its reader: shown here, and in no log.
  watchMails(mailsFolder(folder), ({ to, subject, link }) =>
    printStep(printable(`mail to ${to}: ${subject}${link === undefined ? '' : `  ${link}`}`)),
  );
  printSuperuser();
} catch (error) {
  printSuperuser();
  if (stopping.signal.aborted) {
    printStep('stopped');
    process.exit(0);
  }
  process.stderr.write(`\n${describe(error)}\n`);
  process.exit(1);
}

/** Removes control characters, which could rewrite what the terminal shows. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '');
}

/** Formats an error: an expected one as its message, any other (a bug) with its stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'The start failed.';
  const expected = [EnvironmentError, AlreadyRunningError, ServerVersionError];
  return error.name === 'Error' || expected.some((kind) => error instanceof kind)
    ? error.message
    : (error.stack ?? error.message);
}

/** Prints a new superuser, also when the start failed afterwards. A generated password is shown only here. */
function printSuperuser(): void {
  if (!newSuperuser) return;
  writeLine(
    newSuperuser.password
      ? `Superuser: ${newSuperuser.email}   password: ${newSuperuser.password}\nThis password is shown only once and stored nowhere; "npm run reset-superuser" sets a new one.\n`
      : `Superuser: ${newSuperuser.email}, with the password from ADMIN_PASSWORD\n`,
  );
  newSuperuser = undefined;
}
