/** A part of the bytes in one direction. `kind` is empty when no fault matches it. */
export type Segment = { bytes: Buffer; kind: string; from?: string };

/** Splits the bytes of one direction into segments. An incomplete one is buffered until the rest arrives. */
export type Scanner = (chunk: Buffer) => Segment[];

/** Parsers of the two directions of one connection. */
export type Protocol = () => { up: Scanner; down: Scanner };

const methods: Record<string, string> = {
  '10.11': 'start-ok',
  '50.10': 'declare',
  '60.40': 'publish',
  '60.60': 'deliver',
  '60.80': 'ack',
};

/** AMQP 0-9-1, split into frames. The client names itself in its first frame. */
export const amqp: Protocol = () => ({ up: frames(true), down: frames(false) });

function frames(client: boolean): Scanner {
  let buffered = Buffer.alloc(0);
  let greeted = !client;
  return (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    const segments: Segment[] = [];
    const emit = (length: number, segment: Omit<Segment, 'bytes'>) => {
      segments.push({ bytes: buffered.subarray(0, length), ...segment });
      buffered = buffered.subarray(length);
    };
    if (!greeted && buffered.length >= 8) {
      emit(8, { kind: 'greeting' }); // "AMQP" and the version, before the first frame
      greeted = true;
    }
    // A frame: type, channel (2), length (4), that many bytes, an end mark (AMQP 0-9-1, 2.3.5).
    while (greeted && buffered.length >= 7) {
      const length = buffered.readUInt32BE(3) + 8;
      if (buffered.length < length) break;
      const isMethod = buffered[0] === 1;
      const kind = (isMethod && methods[`${buffered.readUInt16BE(7)}.${buffered.readUInt16BE(9)}`]) || '';
      const clientName = kind === 'start-ok' && /clientela (\w+ \w+)/.exec(buffered.toString('latin1', 0, length))?.[1];
      emit(length, { kind, ...(clientName && { from: clientName }) });
    }
    return segments;
  };
}

/**
 * HTTP/1.1 without pipelining. `POST /path` marks the beginning of a request, and names all segments until the next one, including
 * the response.
 */
export const http: Protocol = () => ({
  up: (chunk) => {
    const line = /^([A-Z]+ [^\s?]+)\S* HTTP\/1\.1\r\n/.exec(chunk.toString('latin1', 0, 2000))?.[1];
    return [{ bytes: chunk, kind: line ?? '', ...(line && { from: line }) }];
  },
  down: (chunk) => [{ bytes: chunk, kind: chunk.toString('latin1', 0, 9) === 'HTTP/1.1 ' ? 'response' : '' }],
});
