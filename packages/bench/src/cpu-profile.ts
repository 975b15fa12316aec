import { setTimeout as sleep } from 'node:timers/promises';

const inspectorPort = 9229; // node's default, which SIGUSR1 opens

type Frame = { functionName: string; url: string; lineNumber: number };
export type Profile = {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
};

/** Profiles a process with Node's inspector while some work runs. @throws Error when it opens no inspector */
export async function profile(pid: number, work: () => Promise<unknown>): Promise<Profile> {
  process.kill(pid, 'SIGUSR1');
  let url: string | undefined;
  for (let tries = 0; tries < 200 && url === undefined; tries += 1) {
    await sleep(100);
    const targets = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`).then(
      async (response) => (await response.json()) as { webSocketDebuggerUrl: string }[],
      () => [],
    );
    url = targets[0]?.webSocketDebuggerUrl;
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
  const evaluated = (await call('Runtime.evaluate', { expression: 'process.pid' })) as { result: { value: number } };
  if (evaluated.result.value !== pid) throw new Error(`Another process has port ${inspectorPort}.`);
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
export function dearest({ nodes, samples, timeDeltas }: Profile, amount: number): string[] {
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

/** The layers of the gateway by the files of their code, the first that matches. */
const layers: readonly [layer: string, files: RegExp][] = [
  ['rate limits', /rate-limit/],
  ['tokens, keys and revocations', /authenticate|api-keys|jwks|jsonwebtoken|jws|jwa|revocations|key-derivation/],
  ['load shedding and limits on concurrency', /load-shedding|concurrency|turns\.ts|overload|event-loop/],
  ['log', /access-log|pino|sonic-boom|redact|runtime\/src\/log/],
  ['metrics and traces', /metrics|prom-client|tracing|opentelemetry/],
  ['response headers', /response-headers|cors\.ts|identity-headers|forward-response/],
  ['request to the service', /transports|proxied-request|proxy\.ts|replicas|undici/],
  ['routing, with Express', /router|route-matching|express|app\.ts|request-context|path-to-regexp/],
  ['HTTP server and sockets', /^node:/],
];
const otherLayer = 'other code';

/**
 * Splits the time in which a process worked among the layers of its code: a native function counts to the code that called it.
 * @returns the share of each layer, the largest first
 */
export function layersOf({ nodes, samples, timeDeltas }: Profile): [layer: string, share: number][] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const layerOf = new Map<number, string>();
  const visit = (id: number, inherited: string) => {
    const node = byId.get(id);
    if (!node) return;
    const { url, functionName } = node.callFrame;
    const own =
      functionName === '(garbage collector)'
        ? 'garbage collection'
        : functionName === '(program)'
          ? "Node's own code"
          : url === ''
            ? inherited
            : (layers.find(([, files]) => files.test(url))?.[0] ?? otherLayer);
    layerOf.set(id, own);
    for (const child of node.children ?? []) visit(child, own);
  };
  const [root] = nodes;
  if (root) visit(root.id, otherLayer);
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id));
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    if (idle.has(id)) continue;
    const [layer, time] = [layerOf.get(id) ?? otherLayer, timeDeltas[index] ?? 0];
    times.set(layer, (times.get(layer) ?? 0) + time);
    total += time;
  }
  return [...times].map(([layer, time]): [string, number] => [layer, time / total]).toSorted(([, a], [, b]) => b - a);
}
