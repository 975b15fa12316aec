import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { highLimits, startBenchFleet } from './bench-fleet.ts';
import { cases, throughGateway } from './cases.ts';
import { prepareContext } from './context.ts';
import { dearest, profileOf } from './cpu-profile.ts';

// Runs a case through the gateway and profiles the gateway, then the service, with node's inspector.

const { values, positionals } = readCommandLine('Usage: npm run profile [-- CASE] [--seconds NUMBER]', {
  options: { seconds: { type: 'string', default: '5' } },
  positionals: [0, 10], // the words of the case's name
});
const wanted = positionals.join(' ') || 'get';
const seconds = Number(values.seconds);
const customers = 10_000;
const writeLine = (line: string) => process.stdout.write(`${line}\n`);

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopping.abort(new Error('The profile was stopped.')));
const shutdownHooks: (() => Promise<void> | void)[] = [];
try {
  const benchFleet = await startBenchFleet(stopping.signal, undefined, { env: highLimits });
  shutdownHooks.push(benchFleet.end);
  const context = await prepareContext(benchFleet, customers, (hook) => void shutdownHooks.push(hook));
  const found = cases(context).find(({ name }) => name === wanted);
  if (!found)
    throw new Error(
      `Cases: ${cases(context)
        .map(({ name }) => name)
        .join(', ')}`,
    );
  const { sides } = await found.make();
  const side = sides.find(({ name }) => name === throughGateway) ?? sides[0];
  if (!side) throw new Error('a case without sides');
  await side.run(seconds);
  const folder = join(repoRoot, '.data', 'bench', 'profiles');
  mkdirSync(folder, { recursive: true });
  for (const peer of ['gateway', found.service] as const) {
    stopping.signal.throwIfAborted();
    const result = await profileOf(benchFleet.fleet.pid(peer) ?? 0, () => side.run(seconds));
    const path = join(folder, `${wanted.replaceAll(' ', '-')}-${peer}.cpuprofile`);
    writeFileSync(path, JSON.stringify(result));
    writeLine(`\n${peer}, ${wanted} (${relative(repoRoot, path)})\n${dearest(result, 10).join('\n')}`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  for (const hook of shutdownHooks.toReversed()) await hook();
}
