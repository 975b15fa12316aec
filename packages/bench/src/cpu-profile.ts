import { openInspector, type Inspector } from './inspector.ts';

type Frame = { functionName: string; url: string; lineNumber: number };
export type Profile = {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
};

/** Profiles a process while some work runs. @param call of its inspector */
export async function profile(call: Inspector['call'], work: () => Promise<unknown>): Promise<Profile> {
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: 500 });
  await call('Profiler.start');
  await work();
  const { profile: found } = (await call('Profiler.stop')) as { profile: Profile };
  await call('Profiler.disable');
  return found;
}

/** Profiles a process with Node's inspector while some work runs. @throws Error when it opens no inspector */
export async function profileOf(pid: number, work: () => Promise<unknown>): Promise<Profile> {
  const { call, close } = await openInspector(pid);
  const found = await profile(call, work);
  close();
  return found;
}

/** Shares of the time in which a process worked: in the code of some files, with native and Node's own code that it calls, and in garbage collection. */
export function sharesOf({ nodes, samples, timeDeltas }: Profile, files: RegExp): { code: number; garbage: number } {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const counted = new Set<number>();
  const visit = (id: number, isWithin: boolean) => {
    const { callFrame: { url = '' } = {}, children = [] } = byId.get(id) ?? {};
    const counts = files.test(url) || (isWithin && (url === '' || url.startsWith('node:')));
    if (counts) counted.add(id);
    for (const child of children) visit(child, counts);
  };
  const [root] = nodes;
  if (root) visit(root.id, false);
  let [total, code, garbage] = [0, 0, 0];
  for (const [index, id] of samples.entries()) {
    const time = timeDeltas[index] ?? 0;
    const name = byId.get(id)?.callFrame.functionName;
    if (name === '(idle)') continue;
    total += time;
    if (counted.has(id)) code += time;
    else if (name === '(garbage collector)') garbage += time;
  }
  return { code: code / total, garbage: garbage / total };
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
  ['HTTP server and sockets', /^node:(?:_http|net$|internal\/(?:http|net|streams|stream_base))/],
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
            : (layers.find(([, files]) => files.test(url))?.[0] ?? (url.startsWith('node:') ? inherited : otherLayer));
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
