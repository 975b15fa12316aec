import { join } from 'node:path';
import { environment, readCommandLine } from '@clientela/runtime';
import { DemoError } from '../demo/client.ts';
import { createDemoData } from '../demo/create-demo-data.ts';
import { demoInstructions } from '../demo/instructions.ts';
import { runDemo } from '../demo/run-demo.ts';
import { repoRoot } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';
import { installationFolder } from './admin-command.ts';

const { positionals } = readCommandLine(
  `Usage: npm run demo [-- URL]
Creates a company with realistic data through the gateway at URL. Without URL in the installation of this folder, once.`,
  { positionals: [0, 1] },
);
const startTime = performance.now();
const writeLine = (line: string) => process.stdout.write(`${line}\n`);
const printStep = (line: string) =>
  writeLine(`${((performance.now() - startTime) / 1000).toFixed(1).padStart(6)} s  ${line}`);

try {
  const env = environment(join(repoRoot, '.env'));
  const url = parseUrl(positionals[0], env['PORT']);
  await assertGateway(url);
  const summary =
    positionals[0] === undefined
      ? await runDemo(url, { folder: installationFolder, settings: await readSettings(env) }, printStep)
      : await createDemoData(url, printStep);
  writeLine(demoInstructions(url, summary));
} catch (error) {
  process.stderr.write(`\n${describe(error)}\n`);
  process.exitCode = 1;
}

/** @param argument URL of a gateway; defaults to that of this machine at the port */
function parseUrl(argument: string | undefined, port: string | undefined): string {
  if (argument === undefined) return `http://127.0.0.1:${port || '8080'}`;
  const url = URL.parse(argument);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new DemoError(`${argument} is not a URL: use one such as http://127.0.0.1:8080.`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Checks that the URL is a gateway before anything is written. */
async function assertGateway(url: string): Promise<void> {
  const response = await fetch(`${url}/`, { signal: AbortSignal.timeout(5000) }).catch(() => {
    throw new DemoError(
      `No response from ${url}: start the fleet with "npm start", or pass its URL: npm run demo -- http://host:port`,
    );
  });
  const body = (await response.json().catch(() => undefined)) as { service?: unknown } | undefined;
  if (body?.service !== 'gateway')
    throw new DemoError(
      `The server at ${url} is not a Clientela gateway: pass its URL: npm run demo -- http://host:port`,
    );
}

function describe(error: unknown): string {
  if (error instanceof DemoError) return error.message;
  // fetch reports a connection error in `cause`.
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  return `The demo stopped before its end: ${message}${reason}. Run it again: it starts with a new company.`;
}
