import { crc32, deflateSync } from 'node:zlib';

type Color = readonly [red: number, green: number, blue: number];

const skins: readonly Color[] = [
  [255, 224, 196],
  [241, 194, 154],
  [214, 158, 112],
  [168, 112, 72],
  [108, 70, 48],
];
const hairs: readonly Color[] = [
  [38, 30, 28],
  [92, 58, 38],
  [168, 106, 58],
  [222, 188, 122],
  [150, 150, 156],
  [126, 44, 36],
];
const shirts: readonly Color[] = [
  [44, 110, 142],
  [176, 72, 66],
  [74, 128, 84],
  [118, 84, 150],
  [214, 142, 48],
  [62, 68, 86],
];
const grounds: readonly Color[] = [
  [214, 232, 240],
  [246, 226, 204],
  [220, 238, 216],
  [238, 220, 238],
  [252, 240, 196],
  [224, 226, 234],
];

const size = 96; // pixels
const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** Draws a fictional person in flat colors, the same one every time: a woman for an even seed, else a man. @returns a PNG */
export function drawAvatar(seed: number): Uint8Array<ArrayBuffer> {
  const skin = pick(skins, seed * 3 + 1);
  const neck: Color = [skin[0] * 0.92, skin[1] * 0.92, skin[2] * 0.92];
  const hair = pick(hairs, seed * 5 + Math.floor(seed / 6));
  const shirt = pick(shirts, seed * 7 + Math.floor(seed / 5));
  const ground = pick(grounds, seed + Math.floor(seed / 7));
  const hasLongHair = seed % 2 === 0;
  const hasGlasses = seed % 5 === 0;
  const parting = ((seed % 7) - 3) * 0.02;
  const inEllipse = (x: number, y: number, cx: number, cy: number, rx: number, ry: number) =>
    ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1;

  /** The color at a place of the unit square, from the front to the back. */
  const colorAt = (x: number, y: number): Color => {
    const isFace = inEllipse(x, y, 0.5, 0.44, 0.17, 0.21);
    const isFringe = isFace && y < 0.33 + Math.abs(x - 0.5 - parting) * 0.35;
    if (isFringe) return hair;
    if (isFace) {
      const eye = Math.min(Math.hypot(x - 0.43, y - 0.44), Math.hypot(x - 0.57, y - 0.44));
      if (eye < 0.017) return hairs[0] as Color;
      if (hasGlasses && eye > 0.05 && eye < 0.062) return hairs[0] as Color;
      if (inEllipse(x, y, 0.5, 0.54, 0.06, 0.03) && y > 0.54) return [190, 88, 84];
      return skin;
    }
    if (x > 0.43 && x < 0.57 && y > 0.44 && y < 0.72) return neck;
    if (inEllipse(x, y, 0.5, 1.02, 0.36, 0.34)) return shirt;
    if (inEllipse(x, y, 0.5, 0.38, 0.21, 0.2)) return hair;
    if (hasLongHair && Math.abs(x - 0.5) < 0.21 && y > 0.38 && y < 0.68) return hair;
    return ground;
  };

  const rows = Buffer.alloc(size * (size * 3 + 1)); // each row begins with its filter: none
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const at = row * (size * 3 + 1) + 1 + column * 3;
      const sum = [0, 0, 0];
      for (const dy of [0.25, 0.75]) {
        for (const dx of [0.25, 0.75]) {
          const color = colorAt((column + dx) / size, (row + dy) / size);
          for (let part = 0; part < 3; part += 1) sum[part] = (sum[part] ?? 0) + (color[part] ?? 0);
        }
      }
      for (let part = 0; part < 3; part += 1) rows[at + part] = Math.round((sum[part] ?? 0) / 4);
    }
  }
  return toPng(rows);
}

/** Wraps rows of RGB pixels (PNG, 5: chunks of length, type, data and CRC). */
function toPng(rows: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits a channel, RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([signature, ...chunks]));
}
