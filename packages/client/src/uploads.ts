import type { MoreOptions, Upload } from './types.ts';

type FormOptions = Pick<Partial<MoreOptions>, 'filename' | 'onProgress'> & { fields?: object | undefined };

/** Builds a form (RFC 7578) of the fields and one file, which is read while it is sent. */
export function toForm(
  file: Upload,
  { fields = {}, filename, onProgress }: FormOptions = {},
): { type?: string; init: RequestInit & { duplex?: 'half' } } {
  const values = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const);
  const name = filename ?? (file instanceof File ? file.name : 'file');
  if (file instanceof Blob && !onProgress) {
    const form = new FormData();
    for (const [field, value] of values) form.append(field, value);
    form.append('file', file, name);
    return { init: { body: form } };
  }
  const boundary = `clientela-${crypto.randomUUID()}`;
  const type = (file instanceof Blob && file.type) || 'application/octet-stream';
  const parts = [
    ...values.map(
      ([field, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
    ),
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${escapeName(name)}"\r\nContent-Type: ${type}\r\n\r\n`,
  ];
  const content = file instanceof Blob ? file.stream() : file;
  const body = toStream(framed(parts.join(''), content, `\r\n--${boundary}--\r\n`, onProgress));
  return { type: `multipart/form-data; boundary=${boundary}`, init: { body, duplex: 'half' } };
}

// TypeScript's types of browsers do not have `from` yet.
const { from: toStream } = ReadableStream as unknown as {
  from: (chunks: AsyncIterable<Uint8Array>) => ReadableStream<Uint8Array>;
};

/** Escapes a name as browsers do (HTML, 4.10.22.8). */
const escapeName = (name: string) => name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');

async function* framed(
  head: string,
  content: ReadableStream<Uint8Array>,
  end: string,
  onProgress: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let sent = 0;
  yield encoder.encode(head);
  for await (const chunk of content) {
    yield chunk;
    sent += chunk.byteLength;
    onProgress?.(sent);
  }
  yield encoder.encode(end);
}
