import { constants, crc32, deflateRawSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

// Files of users and attackers, generated on demand.

type Format = 'jpeg' | 'png' | 'webp' | 'tiff' | 'gif' | 'avif';

const plainImage = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#c03355' }, limitInputPixels: false });

export const sampleImage = (format: Format, width = 800, height = 600): Promise<Buffer> =>
  plainImage(width, height).toFormat(format).toBuffer();

/** Creates a telephone's photograph: rotated (orientation 6), with place and maker in its metadata. */
export const photograph = (): Promise<Buffer> =>
  sharp({
    create: { width: 800, height: 600, channels: 3, background: '#ffffff' },
  })
    // The left half is red; in display orientation, the upper half.
    .composite([
      { input: { create: { width: 400, height: 600, channels: 3, background: '#ff0000' } }, left: 0, top: 0 },
    ])
    .withExif({ IFD0: { Make: 'a telephone' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();

/** Creates a newer telephone's photograph: a JPEG with an embedded gain map for HDR screens. */
export const photographWithGainMap = (): Promise<Buffer> =>
  (plainImage(320, 240) as Sharp & { withGainMap: () => Sharp }).withGainMap().jpeg().toBuffer();

export async function animatedWebp(): Promise<Buffer> {
  const frames = [await sampleImage('png', 64, 64), await plainImage(64, 64).negate().png().toBuffer()];
  return sharp(frames, { join: { animated: true } })
    .webp({ delay: [100, 100] })
    .toBuffer();
}

/** Creates an animated PNG by adding the acTL chunk after the header. */
export async function animatedPng(): Promise<Buffer> {
  const stillImage = await sampleImage('png', 64, 64);
  const frames = Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]);
  return Buffer.concat([stillImage.subarray(0, 33), chunk('acTL', frames), stillImage.subarray(33)]);
}

/** Creates a valid PNG of 900 million pixels of one colour, 110 kB as a file. */
export const decompressionBomb = (): Buffer => png(30_000, 30_000, { depth: 1, colour: 0, bits: 1, interlaced: false });

/** Creates the image that needs most memory within the limits: 25 million pixels of 4 × 16 bits, interlaced. */
export const largestAllowedImage = (): Buffer => png(5000, 5000, { depth: 16, colour: 6, bits: 64, interlaced: true });

/** Creates a small JPEG whose header claims 30,000 by 30,000 pixels. */
export async function jpegWithFalseSize(): Promise<Buffer> {
  const bytes = await sampleImage('jpeg', 64, 64);
  const frame = bytes.findIndex((byte, index) => byte === 0xff && [0xc0, 0xc2].includes(bytes[index + 1] ?? 0));
  bytes.writeUInt16BE(30_000, frame + 5);
  bytes.writeUInt16BE(30_000, frame + 7);
  return bytes;
}

type PngFormat = { depth: number; colour: number; bits: number; interlaced: boolean };

/** First column, first row and step sizes of the seven interlacing passes (PNG, third edition, 8.2). */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Creates a PNG whose pixels are all zero. */
function png(width: number, height: number, { depth, colour, bits, interlaced }: PngFormat): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  const length = (interlaced ? passes : [[0, 0, 1, 1] as const])
    .map(([left, top, across, down]) => [Math.ceil((width - left) / across), Math.ceil((height - top) / down)] as const)
    .reduce((sum, [columns, rows]) => sum + rows * (1 + Math.ceil((columns * bits) / 8)), 0);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflatedZeros(length)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Compresses zeros by repeating one compressed block, because hundreds of megabytes take a second. */
function deflatedZeros(length: number): Buffer {
  const blockLength = 1024 * 1024;
  const block = deflateRawSync(Buffer.alloc(blockLength), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const checksum = Buffer.alloc(4); // Adler-32: the first sum stays 1, so the second one counts the bytes
  checksum.writeUInt16BE(length % 65_521, 0);
  checksum.writeUInt16BE(1, 2);
  return Buffer.concat([
    Buffer.from([0x78, 0xda]),
    ...Array.from({ length: Math.floor(length / blockLength) }, () => block),
    deflateRawSync(Buffer.alloc(length % blockLength), { level: 9 }),
    checksum,
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const namedData = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const framed = Buffer.alloc(namedData.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(namedData, 4);
  framed.writeUInt32BE(crc32(namedData), namedData.length + 4);
  return framed;
}
