/** A piece of what passes in one direction, as it may be held: `what` names it, and is empty for what nobody asks for. */
export type Piece = { bytes: Buffer; what: string; from?: string };

/** Cuts what comes in one direction into pieces. What is incomplete is kept until the rest comes. */
export type Scanner = (chunk: Buffer) => Piece[];

/** How the two directions of one connection are read. */
export type Wire = () => { up: Scanner; down: Scanner };

const methods: Record<string, string> = {
  '10.11': 'start-ok',
  '50.10': 'declare',
  '60.40': 'publish',
  '60.60': 'deliver',
  '60.80': 'ack',
};

/** AMQP 0-9-1 by its frames; the client says at its beginning what it is called. */
export const amqp: Wire = () => ({ up: frames(true), down: frames(false) });

function frames(client: boolean): Scanner {
  let rest = Buffer.alloc(0);
  let greeted = !client;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const pieces: Piece[] = [];
    const take = (length: number, piece: Omit<Piece, 'bytes'>) => {
      pieces.push({ bytes: rest.subarray(0, length), ...piece });
      rest = rest.subarray(length);
    };
    if (!greeted && rest.length >= 8) {
      take(8, { what: 'greeting' }); // "AMQP" and the version, before the first frame
      greeted = true;
    }
    // A frame: type, channel (2), length (4), that many bytes, an end mark (AMQP 0-9-1, 2.3.5).
    while (greeted && rest.length >= 7) {
      const length = rest.readUInt32BE(3) + 8;
      if (rest.length < length) break;
      const isMethod = rest[0] === 1;
      const what = (isMethod && methods[`${rest.readUInt16BE(7)}.${rest.readUInt16BE(9)}`]) || '';
      const named = what === 'start-ok' && /clientela (\w+ \w+)/.exec(rest.toString('latin1', 0, length))?.[1];
      take(length, { what, ...(named && { from: named }) });
    }
    return pieces;
  };
}

/**
 * HTTP/1.1 as our programs speak it: one request after the other on a connection. `POST /path` is the beginning of a request, and belongs
 * to all that follows until the next, its answer too.
 */
export const http: Wire = () => ({
  up: (chunk) => {
    const line = /^([A-Z]+ [^\s?]+)\S* HTTP\/1\.1\r\n/.exec(chunk.toString('latin1', 0, 2000))?.[1];
    return [{ bytes: chunk, what: line ?? '', ...(line && { from: line }) }];
  },
  down: (chunk) => [{ bytes: chunk, what: chunk.toString('latin1', 0, 9) === 'HTTP/1.1 ' ? 'answer' : '' }],
});
