import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repoRoot } from '@clientela/fleet';
import { readCommandLine } from '@clientela/runtime';
import { highLimits, startBenchFleet } from './bench-fleet.ts';
import { cases, throughGateway } from './cases.ts';
import { prepareContext } from './context.ts';

// Runs a case through the gateway and profiles the gateway, then the service, with node's inspector.

const { values, positionals } = readCommandLine('Usage: npm run profile [-- CASE] [--seconds NUMBER]', {
  options: { seconds: { type: 'string', default: '5' } },
  positionals: [0, 10], // the words of the case's name
});
const wanted = positionals.join(' ') || 'get';
const seconds = Number(values.seconds);
const customers = 10_000;
const inspectorPort = 9229; // node's default, which SIGUSR1 opens
const writeLine = (line: string) => process.stdout.write(`${line}\n`);

type Frame = { functionName: string; url: string; lineNumber: number };
type Profile = { nodes: { id: number; callFrame: Frame }[]; samples: number[]; timeDeltas: number[] };

/** Profiles a process while some work runs. @throws Error when it opens no inspector */
async function profile(pid: number, work: () => Promise<unknown>): Promise<Profile> {
  process.kill(pid, 'SIGUSR1');
  let url: string | undefined;
  for (let tries = 0; tries < 50 && url === undefined; tries += 1) {
    await sleep(100);
    const targets = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`).then(
      async (response) => (await response.json()) as { title: string; webSocketDebuggerUrl: string }[],
      () => [],
    );
    url = targets.find(({ title }) => title.includes(`[${pid}]`))?.webSocketDebuggerUrl;
  }
  if (url === undefined) throw new Error(`Process ${pid} opens no inspector on port ${inspectorPort}; is it in use?`);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  let id = 0;
  const call = (method: string, params = {}): Promise<unknown> => {
    id += 1;
    const own = id;
    return new Promise((resolve) => {
      const onMessage = ({ data }: MessageEvent) => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (message.id !== own) return;
        socket.removeEventListener('message', onMessage);
        resolve(message.result);
      };
      socket.addEventListener('message', onMessage);
      socket.send(JSON.stringify({ id: own, method, params }));
    });
  };
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: 500 });
  await call('Profiler.start');
  await work();
  const { profile: found } = (await call('Profiler.stop')) as { profile: Profile };
  // Frees the port for the next process.
  void call('Runtime.evaluate', { expression: 'process.getBuiltinModule("node:inspector").close()' });
  await sleep(200);
  socket.close();
  return found;
}

/** Lists the functions with most time of their own, in percent of the time in which the process worked. */
function dearest({ nodes, samples, timeDeltas }: Profile, amount: number): string[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, node] of samples.entries()) {
    const frame = frames.get(node);
    const time = timeDeltas[index] ?? 0;
    if (!frame || frame.functionName === '(idle)') continue;
    total += time;
    const place =
      frame.url === ''
        ? ''
        : ` ${frame.url.replace(/^.*\/(?:node_modules|clientela)\//, '').replace('file://', '')}:${frame.lineNumber + 1}`;
    const name = `${frame.functionName || '(anonymous)'}${place}`;
    times.set(name, (times.get(name) ?? 0) + time);
  }
  return [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, amount)
    .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`);
}

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
    const result = await profile(benchFleet.fleet.pid(peer) ?? 0, () => side.run(seconds));
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
