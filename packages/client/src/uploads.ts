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
  const frame = framed(parts.join(''), `\r\n--${boundary}--\r\n`, onProgress);
  const body = (file instanceof Blob ? file.stream() : file).pipeThrough(frame);
  return { type: `multipart/form-data; boundary=${boundary}`, init: { body, duplex: 'half' } };
}

/** Escapes a name as browsers do (HTML, 4.10.22.8). */
const escapeName = (name: string) => name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');

/** Puts a text before and after a file while it is read. */
function framed(
  head: string,
  end: string,
  onProgress: ((bytes: number) => void) | undefined,
): TransformStream<Uint8Array, Uint8Array> {
  const encoder = new TextEncoder();
  let bytes = 0;
  return new TransformStream({
    start: (controller) => controller.enqueue(encoder.encode(head)),
    transform: (chunk, controller) => {
      controller.enqueue(chunk);
      bytes += chunk.byteLength;
      onProgress?.(bytes);
    },
    flush: (controller) => controller.enqueue(encoder.encode(end)),
  });
}
