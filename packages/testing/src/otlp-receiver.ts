import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TraceSettings } from '@clientela/runtime';

export type ReceivedSpan = {
  service: string;
  traceId: string;
  id: string;
  parentId: string;
  name: string;
  kind: string;
  /** Unix times in milliseconds. */
  start: number;
  end: number;
  attributes: Record<string, string | number>;
  links: { traceId: string; spanId: string }[];
  hasFailed: boolean;
};

export type OtlpReceiver = {
  url: string;
  spans: ReceivedSpan[];
  /** Everything that was received, for a search. */
  bytes: () => Buffer;
  /** Headers of the requests so far. */
  headers: NodeJS.Dict<string | string[]>[];
  /** Sets how requests are responded to; default 200. */
  respond: (handler: (response: ServerResponse) => void) => void;
  close: () => Promise<void>;
};

type Field = number | bigint | Buffer;
/** The fields of a message by number; protobuf leaves out what has its default. */
type Message = Map<number, Field[]>;

/** Decodes one level of a protobuf message. */
function decode(bytes: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const type = key & 7;
    let field: Field;
    if (type === 0) field = varint();
    else if (type === 1) field = bytes.readBigUInt64LE((at += 8) - 8);
    else if (type === 5) field = bytes.readUInt32LE((at += 4) - 4);
    else if (type === 2) {
      const length = varint();
      field = bytes.subarray(at, (at += length));
    } else throw new Error(`unknown wire type ${type}`);
    const number = Math.floor(key / 8);
    message.set(number, [...(message.get(number) ?? []), field]);
  }
  return message;
}

const messages = (message: Message, field: number) => (message.get(field) ?? []).map((each) => decode(each as Buffer));
const text = (message: Message, field: number) => ((message.get(field)?.[0] ?? '') as Buffer).toString();
const hex = (message: Message, field: number) =>
  ((message.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer).toString('hex');
const time = (message: Message, field: number) => Number(message.get(field)?.[0] ?? 0n) / 1e6;

/** Reads attributes whose values are strings, whole numbers or decimal numbers. */
const attributes = (message: Message, field: number): Record<string, string | number> =>
  Object.fromEntries(
    messages(message, field).map((pair) => {
      const [value = new Map() as Message] = messages(pair, 2);
      const [type] = value.keys();
      if (type === undefined || type === 1) return [text(pair, 1), text(value, 1)];
      return [text(pair, 1), Number(value.get(type)?.[0])];
    }),
  );

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

const spansOf = (bytes: Buffer): ReceivedSpan[] =>
  messages(decode(bytes), 1).flatMap((ofResource) => {
    const [resource = new Map() as Message] = messages(ofResource, 1);
    const service = String(attributes(resource, 1)['service.name']);
    return messages(ofResource, 2)
      .flatMap((ofScope) => messages(ofScope, 2))
      .map((span) => ({
        service,
        traceId: hex(span, 1),
        id: hex(span, 2),
        parentId: hex(span, 4),
        name: text(span, 5),
        kind: kinds[Number(span.get(6)?.[0] ?? 0)] ?? '',
        start: time(span, 7),
        end: time(span, 8),
        attributes: attributes(span, 9),
        links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
        hasFailed: messages(span, 15).some((status) => Number(status.get(3)?.[0]) === 2),
      }));
  });

/** Starts an OTLP/HTTP endpoint that keeps what it receives. */
export async function otlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  const headers: OtlpReceiver['headers'] = [];
  let handler: (response: ServerResponse) => void = (response) => response.end();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(body);
      headers.push(request.headers);
      if (request.url === '/v1/traces') spans.push(...spansOf(body));
      handler(response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bytes: () => Buffer.concat(bodies),
    headers,
    respond: (next) => {
      handler = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The settings of a process that traces everything. */
export const testTraceSettings = (url: string | undefined, settings: Partial<TraceSettings> = {}): TraceSettings => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
  OTEL_TRACES_SAMPLER_ARG: 1,
  ...settings,
});
