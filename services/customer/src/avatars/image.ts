import { AppError, invalid } from '@clientela/errors';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';

export const imageType = 'image/webp';
/** The largest side of a picture as it is kept, in pixels. */
const maxSide = 512;
const maxPixels = 25_000_000;

const fileError = (message: string) => invalid([{ path: 'file', message }]);

/** What is given must begin as one of the three does; anything else never gets as far as a decoder. */
const signatures: readonly ((bytes: Buffer) => boolean)[] = [
  (bytes) => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  (bytes) => bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
];

// One after the other: a picture at its limit of pixels may take 200 MB while it is decoded, however small its file is.
const decoding = createConcurrencyLimiter({ concurrency: 1, maxQueued: 32, queueTimeoutMs: 15_000 });

let loading: ReturnType<typeof load> | undefined;

/** The decoder: loaded with the first picture, as it takes a tenth of a second and 25 MB. */
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
 * Makes a picture anew, the way up in which it is looked at: what was in the file beside it (place and time of the photograph, other files
 * hidden in it) is not in the result.
 * @returns a WebP of at most 512 by 512 pixels
 * @throws AppError 415 for what is no JPEG, PNG or WebP by its content, 422 for one that is broken, moving or too large, 503 when too many
 *   wait
 */
export async function reencodeImage(bytes: Buffer): Promise<Buffer> {
  if (!signatures.some((matches) => matches(bytes)))
    throw new AppError('unsupported_media_type', {
      detail: 'The file must be a JPEG, PNG or WebP picture',
      errors: [{ path: 'file', message: 'must be a JPEG, PNG or WebP picture' }],
    });
  if (isAnimatedPng(bytes)) throw fileError('must not be animated');
  const sharp = await (loading ??= load());
  return decoding(async () => {
    try {
      const picture = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'warning', pages: 1 }).timeout({
        seconds: 8,
      });
      const { pages = 1 } = await picture.metadata();
      if (pages > 1) throw fileError('must not be animated');
      return await picture
        .autoOrient()
        .resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
        .webp({ quality: 80 })
        .toBuffer();
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw /pixel limit/.test(String(error))
        ? fileError(`must have at most ${maxPixels} pixels`)
        : fileError('is broken, or takes too long to read');
    }
  });
}

/** An animated PNG says so before its first picture (PNG, third edition, 11.3.6.1), of which the decoder says nothing. */
function isAnimatedPng(bytes: Buffer): boolean {
  if (bytes[0] !== 0x89) return false;
  for (let at = 8; at + 8 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const chunk = bytes.toString('latin1', at + 4, at + 8);
    if (chunk === 'acTL') return true;
    if (chunk === 'IDAT') return false;
  }
  return false;
}
