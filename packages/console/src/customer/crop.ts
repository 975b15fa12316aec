/** How a picture is cut to a square: `zoom` from 1, and the place of the cut between 0 and 1 in both directions. */
export type Crop = { zoom: number; across: number; down: number };
export const centred: Crop = { zoom: 1, across: 0.5, down: 0.5 };

type Size = { width: number; height: number };

/** The square of a picture that a crop takes, in pixels. */
export function squareOf({ width, height }: Size, { zoom, across, down }: Crop) {
  const side = Math.min(width, height) / Math.max(1, zoom);
  return { side, left: (width - side) * across, top: (height - side) * down };
}

const types = new Set(['image/jpeg', 'image/png', 'image/webp']);
const maxBytes = 30 * 1024 * 1024; // of what is chosen; what is sent is small

/** Reads a picture, upright. @returns undefined for what is none */
export async function readPicture(file: Blob): Promise<ImageBitmap | undefined> {
  if (!types.has(file.type) || file.size > maxBytes) return undefined;
  return createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => undefined);
}

/** Reads the picture that the customer has. */
export async function pictureAt(url: string): Promise<Blob> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), {
    width: image.naturalWidth,
    height: image.naturalHeight,
  });
  canvas.getContext('2d')?.drawImage(image, 0, 0);
  return toBlob(canvas);
}

/** Draws the square of a picture over a whole canvas. */
export function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, crop: Crop): void {
  const { side, left, top } = squareOf(picture, crop);
  const context = canvas.getContext('2d');
  context?.clearRect(0, 0, canvas.width, canvas.height);
  context?.drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
}

/** The largest side that the server keeps, in pixels. */
const maxSide = 512;
/** Cuts a picture to its square, at most as large as the server keeps it. */
export function cut(picture: ImageBitmap, crop: Crop): Promise<Blob> {
  const side = Math.max(1, Math.min(maxSide, Math.round(squareOf(picture, crop).side)));
  const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
  draw(canvas, picture, crop);
  return toBlob(canvas);
}

const toBlob = (canvas: HTMLCanvasElement): Promise<Blob> =>
  new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('the picture cannot be written'))),
      'image/webp',
      0.9,
    );
  });
