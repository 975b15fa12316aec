import { AppError, invalid, unavailable } from '@clientela/errors';
import { createConcurrencyLimiter } from '@clientela/runtime';

export const imageType = 'image/webp';
/** Maximum width and height of a stored image, in pixels. */
const maxSide = 512;
const maxPixels = 25_000_000;

export const tooManyUploads = () => unavailable('Too many uploads in progress; retry in 2 s');
const fileError = (message: string) => invalid([{ path: 'file', message }]);

/** File signatures of JPEG, PNG and WebP; other files never reach a decoder. */
const signatures: readonly ((bytes: Buffer) => boolean)[] = [
  (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  (bytes) => bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
];

// Decodes one image at a time, because an image at the pixel limit may take 200 MB, even from a small file.
const decodeLimiter = createConcurrencyLimiter({
  concurrency: 1,
  maxQueued: 32,
  queueTimeoutMs: 15_000,
  rejection: tooManyUploads,
});

let sharpModule: ReturnType<typeof load> | undefined;

/** Loads the decoder with the first image, because it takes 100 ms and 25 MB. */
async function load() {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
  });
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/**
 * Re-encodes an image in its display orientation. Metadata (place and time of the photograph) and embedded files are dropped.
 * @returns a WebP of at most 512 by 512 pixels
 * @throws AppError 415 for content that is not JPEG, PNG or WebP, 422 for a broken, animated or too large image, 503 when the queue is full
 */
export async function reencodeImage(bytes: Buffer): Promise<Buffer> {
  if (!signatures.some((matches) => matches(bytes)))
    throw new AppError('unsupported_media_type', {
      detail: 'The file must be a JPEG, PNG or WebP image',
      errors: [{ path: 'file', message: 'must be a JPEG, PNG or WebP image' }],
    });
  if (isAnimatedPng(bytes)) throw fileError('must not be animated');
  const sharp = await (sharpModule ??= load());
  return decodeLimiter(async () => {
    try {
      const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'warning', pages: 1 }).timeout({
        seconds: 8,
      });
      const { pages = 1 } = await image.metadata();
      if (pages > 1) throw fileError('must not be animated');
      return await image
        .autoOrient()
        .resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
        .webp({ quality: 80 })
        .toBuffer();
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw /pixel limit/.test(String(error))
        ? fileError(`must have at most ${maxPixels} pixels`)
        : fileError('is broken or takes too long to decode');
    }
  });
}

/** Detects an animated PNG by the acTL chunk before the image data (PNG, third edition, 11.3.6.1); the decoder ignores it. */
function isAnimatedPng(bytes: Buffer): boolean {
  if (bytes[0] !== 0x89) return false;
  for (let offset = 8; offset + 8 <= bytes.length; offset += 12 + bytes.readUInt32BE(offset)) {
    const chunk = bytes.toString('latin1', offset + 4, offset + 8);
    if (chunk === 'acTL') return true;
    if (chunk === 'IDAT') return false;
  }
  return false;
}
