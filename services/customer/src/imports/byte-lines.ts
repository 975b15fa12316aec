import { createReadStream } from 'node:fs';

/** A line of a file as a string of bytes (Latin-1). A longer line than allowed is cut, which `isCut` says. */
export type ByteLine = { bytes: string; isCut: boolean };

/**
 * Splits blocks into lines, which end with LF, CR or both. Lines stay bytes, because what follows them may say how to decode them.
 * Memory is bounded by one block and one line.
 * @param maxLength of a line, in bytes
 * @returns the lines of one block at a time
 */
export async function* readByteLines(blocks: AsyncIterable<Buffer>, maxLength: number): AsyncGenerator<ByteLine[]> {
  let rest = '';
  let isCut = false;
  let endedWithCr = false;
  const lines: ByteLine[] = [];
  const append = (part: string) => {
    const space = maxLength - rest.length;
    if (part.length > space) isCut = true;
    rest += part.length > space ? part.slice(0, Math.max(0, space)) : part;
  };
  const endLine = () => {
    lines.push({ bytes: rest, isCut });
    rest = '';
    isCut = false;
  };
  for await (const block of blocks) {
    let text = block.toString('latin1');
    // CRLF across two blocks is one line break.
    if (endedWithCr && text.startsWith('\n')) text = text.slice(1);
    if (block.length > 0) endedWithCr = block[block.length - 1] === carriageReturn;
    let start = 0;
    for (const end of endsOfLines(text)) {
      // The LF of a CRLF.
      if (end < start) continue;
      append(text.slice(start, end));
      endLine();
      start = text.startsWith('\r\n', end) ? end + 2 : end + 1;
    }
    append(text.slice(start));
    if (lines.length > 0) yield lines.splice(0);
  }
  if (rest !== '' || isCut) yield [{ bytes: rest, isCut }];
}

const carriageReturn = 0x0d;

/** Finds every LF and CR, in order. */
function* endsOfLines(text: string): Generator<number> {
  let [lineFeed, carriage] = [text.indexOf('\n'), text.indexOf('\r')];
  while (lineFeed !== -1 || carriage !== -1) {
    const isCarriage = lineFeed === -1 || (carriage !== -1 && carriage < lineFeed);
    yield isCarriage ? carriage : lineFeed;
    if (isCarriage) carriage = text.indexOf('\r', carriage + 1);
    else lineFeed = text.indexOf('\n', lineFeed + 1);
  }
}

const blockSize = 256 * 1024;

/** Reads a file in blocks of bytes; one in UTF-16 becomes UTF-8. */
export async function* readBlocks(path: string, encoding: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, {
    highWaterMark: blockSize,
    ...(signal && { signal }),
  }) as AsyncIterable<Buffer>;
  const decoder = encoding.startsWith('utf-16') ? new TextDecoder(encoding) : undefined;
  let isFirst = true;
  for await (const block of stream) {
    const hasMark = isFirst && block.subarray(0, 3).equals(byteOrderMark);
    isFirst = false;
    if (decoder) yield Buffer.from(decoder.decode(block, { stream: true }));
    else yield hasMark ? block.subarray(3) : block;
  }
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
