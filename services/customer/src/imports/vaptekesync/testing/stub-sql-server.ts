import { createServer, type Socket } from 'node:net';

/** What a statement returns: rows, an error of the server, or a failure of the connection. */
export type StubResult =
  | { columns: Record<string, 'nvarchar' | 'bigint'>; rows: (string | bigint | null)[][]; cutAfter?: number }
  | { error: string; number: number }
  | 'hang'
  | 'cut';
export type StubHandler = (statement: { sql: string; params: (string | number)[] }) => StubResult;

/**
 * A stub of SQL Server: as much of TDS 7.4 (MS-TDS) as Knex with tedious uses for a sign-in without encryption and `sp_executesql`.
 * @param options.login the accepted user and password
 */
export async function stubSqlServer(handler: StubHandler, options: { login: [user: string, password: string] }) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    const send = (data: Buffer, cut = false) => sendMessage(socket, data, cut);
    readMessages(socket, (type, data) => {
      if (type === 0x12) return send(preloginResponse);
      if (type === 0x10) return send(hasLogin(data, options.login) ? loginAck() : loginFailed());
      if (type === 0x01) return send(done()); // the initial settings of the session
      if (type === 0x03) return respond(handler(parseExecuteSql(data)));
      return undefined;
    });
    const respond = (result: StubResult) => {
      if (result === 'hang') return;
      if (result === 'cut') socket.destroy();
      else if ('error' in result) send(Buffer.concat([errorToken(result.number, result.error), done(2)]));
      else send(resultSet(result), result.cutAfter !== undefined);
    };
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stub has no port');
  return {
    port: address.port,
    connections: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Joins packets (a header of 8 bytes: type, status, length) to messages. */
function readMessages(socket: Socket, onMessage: (type: number, data: Buffer) => void): void {
  let buffered = Buffer.alloc(0);
  let parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 8 && buffered.length >= buffered.readUInt16BE(2)) {
      const packet = buffered.subarray(0, buffered.readUInt16BE(2));
      buffered = buffered.subarray(packet.length);
      parts.push(packet.subarray(8));
      if (!(packet.readUInt8(1) & 1)) continue;
      onMessage(packet.readUInt8(0), Buffer.concat(parts));
      parts = [];
    }
  });
}

/** @param cut whether the connection ends after half of the message */
function sendMessage(socket: Socket, data: Buffer, cut: boolean): void {
  const size = 4088;
  const end = cut ? Math.floor(data.length / 2) : data.length;
  for (let start = 0; start < end; start += size) {
    const part = data.subarray(start, Math.min(start + size, end));
    const header = Buffer.from([0x04, start + size >= data.length ? 1 : 0, 0, 0, 0, 0, (start / size + 1) & 0xff, 0]);
    header.writeUInt16BE(part.length + 8, 2);
    socket.write(Buffer.concat([header, part]));
  }
  if (cut) socket.end(() => socket.destroy());
}

const int = (value: number, bytes: 2 | 4) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
};
const long = (value: bigint) => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(value);
  return buffer;
};
const ucs2 = (text: string) => Buffer.from(text, 'utf16le');
const shortText = (text: string) => Buffer.concat([Buffer.from([text.length]), ucs2(text)]);

// Options VERSION and ENCRYPTION (2: not supported), each with offset and length, then their data.
const preloginResponse = Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 15, 0, 0, 0, 0, 0, 2]);

const done = (status = 0, token = 0xfd) => Buffer.concat([Buffer.from([token]), int(status, 2), int(0, 2), long(0n)]);

function loginAck(): Buffer {
  const data = Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4]), shortText('Stub'), Buffer.from([15, 0, 0, 0])]);
  return Buffer.concat([Buffer.from([0xad]), int(data.length, 2), data, done()]);
}

function errorToken(number: number, message: string): Buffer {
  const text = Buffer.concat([int(message.length, 2), ucs2(message)]);
  const data = Buffer.concat([int(number, 4), Buffer.from([1, 16]), text, shortText('stub'), shortText(''), int(1, 4)]);
  return Buffer.concat([Buffer.from([0xaa]), int(data.length, 2), data]);
}

const loginFailed = () => Buffer.concat([errorToken(18456, "Login failed for user 'stub'."), done(2)]);

/** Compares the user and the password of a LOGIN7 message; each byte of the password has swapped nibbles and is XORed with A5. */
function hasLogin(data: Buffer, [user, password]: [string, string]): boolean {
  const field = (position: number) => {
    const [offset, length] = [data.readUInt16LE(position), data.readUInt16LE(position + 2)];
    return data.subarray(offset, offset + 2 * length);
  };
  const plain = field(44).map((byte) => (((byte ^ 0xa5) & 0x0f) << 4) | ((byte ^ 0xa5) >> 4));
  return field(40).toString('utf16le') === user && Buffer.from(plain).toString('utf16le') === password;
}

/** Parses a call of sp_executesql: the statement, the declaration of its parameters, and their values. */
function parseExecuteSql(data: Buffer): { sql: string; params: (string | number)[] } {
  let at = data.readUInt32LE(0); // all headers
  if (data.readUInt16LE(at) !== 0xffff || data.readUInt16LE(at + 2) !== 10) throw new Error('not sp_executesql');
  at += 6;
  const values: (string | number)[] = [];
  while (at < data.length) {
    at += 1 + 2 * data.readUInt8(at) + 1; // name and status
    const type = data.readUInt8(at);
    if (type === 0x26) {
      const length = data.readUInt8(at + 2);
      values.push(data.readIntLE(at + 3, length));
      at += 3 + length;
    } else if (type === 0xe7) {
      const isLong = data.readUInt16LE(at + 1) === 0xffff;
      const length = isLong ? data.readUInt32LE(at + 16) : data.readUInt16LE(at + 8);
      const start = at + (isLong ? 20 : 10);
      values.push(data.toString('utf16le', start, start + length));
      at = start + length + (isLong ? 4 : 0);
    } else throw new Error(`unknown parameter type ${type}`);
  }
  return { sql: String(values[0]), params: values.slice(2) };
}

function resultSet({ columns, rows }: Extract<StubResult, { rows: unknown }>): Buffer {
  const types = Object.values(columns);
  const metadata = Object.entries(columns).map(([name, type]) =>
    Buffer.concat([int(0, 4), int(1, 2), typeInfo[type], shortText(name)]),
  );
  const cells = (row: (string | bigint | null)[]) =>
    row.map((value, index) => (types[index] === 'bigint' ? bigintCell(value) : nvarcharCell(value)));
  return Buffer.concat([
    Buffer.from([0x81]),
    int(types.length, 2),
    ...metadata,
    ...rows.map((row) => Buffer.concat([Buffer.from([0xd1]), ...cells(row)])),
    done(0x10 | 1, 0xff),
    Buffer.from([0x79, 0, 0, 0, 0]),
    done(0, 0xfe),
  ]);
}

const typeInfo = {
  nvarchar: Buffer.from([0xe7, 0x40, 0x1f, 9, 4, 0xd0, 0, 0x34]), // 8000 bytes, collation
  bigint: Buffer.from([0x26, 8]),
};
const nvarcharCell = (value: string | bigint | null) =>
  value === null ? int(0xffff, 2) : Buffer.concat([int(2 * String(value).length, 2), ucs2(String(value))]);
const bigintCell = (value: string | bigint | null) =>
  value === null ? Buffer.from([0]) : Buffer.concat([Buffer.from([8]), long(BigInt(value))]);
